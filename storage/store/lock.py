"""One holder at a time, among threads and processes."""

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock that `path` stands for; yields False at once where `wait` is off and another holds it.

    The kernel releases it when its holder dies, so a kill leaves no stale lock. A file system without locks (some
    network mounts) is taken as free: runs are then atomic still, but two of one key may compute the same thing twice.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(path, wait)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            path.unlink(missing_ok=True)  # while it is held: whoever opened it meanwhile sees that it is gone
            _unlock(descriptor)


def _acquire(path: Path, wait: bool) -> int | None:
    announced = False
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if announced else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            if not wait:
                return None
            announced = True
            logging.getLogger("equipoise.store").info("waiting for another run of %s", path.name)
            continue
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                return descriptor
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at `path`: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _unlock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # explicitly: a forked child (a data loader) may hold a copy
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)
