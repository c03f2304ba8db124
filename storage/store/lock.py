"""One holder at a time, among threads and processes."""

import errno
import fcntl
import getpass
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.errors import StoreError

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock that `path` stands for; yields False at once where `wait` is off and another holds it.

    The kernel releases it when its holder dies, so a kill leaves no stale lock. A file system without locks (some
    network mounts) is taken as free: runs are then atomic still, but two of one key may compute the same thing twice.
    Whoever shares the folder may take the lock, whichever user made its file; the file says who holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _acquire(path, wait)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            with suppress(OSError):  # where another user made it and only he may remove it
                path.unlink()  # while it is held: whoever opened it meanwhile sees that it is gone
            _unlock(descriptor)


def _acquire(path: Path, wait: bool) -> int | None:
    announced = False
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if announced else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            if not wait:
                return None
            announced = True
            logging.getLogger("equipoise.store").info("waiting for %s, which holds %s", _holder(path), path)
            continue
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                return descriptor
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            _sign(descriptor)
            return descriptor
        os.close(descriptor)


def _open(path: Path) -> int:
    """The lock's file, made where it is missing, for every user; another user's is opened as far as it allows."""
    while True:
        with suppress(FileNotFoundError):  # its holder removed it after this user could not write to it
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            except PermissionError:
                return _open_to_read(path)
            if os.fstat(descriptor).st_uid == os.geteuid():
                os.fchmod(descriptor, 0o666)  # whatever this user's mask leaves out
            return descriptor


def _open_to_read(path: Path) -> int:
    """Enough to hold the lock, though not to sign it."""
    try:
        return os.open(path, os.O_RDONLY)
    except PermissionError:
        fault = f"{path} may not be opened by this user; let whoever owns it remove it"
    except FileNotFoundError:
        if os.access(path.parent, os.W_OK | os.X_OK):
            raise
        fault = f"{path.parent} may not be written by this user; let its owner share it"
    raise StoreError(f"{fault}, and `chmod -R g+rwX` the store (docs/how-to/team.md)") from None


def _sign(descriptor: int) -> None:
    """Write down who holds the lock, for those who wait."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} of {_user()} on {socket.gethostname()}".encode(), 0)
    except OSError:  # opened for reading only, or the disk is full: the lock holds without a name
        return


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:200] or "another run"
    except OSError:
        return "another run"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return f"user {os.geteuid()}"


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
