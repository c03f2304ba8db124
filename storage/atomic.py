"""Files that are whole or absent: written beside, brought to disk, then given their name in one rename."""

import errno
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextmanager
def replacing(path: Path, *, alone: bool = False) -> Iterator[Path]:
    """The place to write to in place of `path`; at the end it becomes `path`, and on an error it vanishes.

    A reader sees the old file or the new one, and of two writers the last one wins. `alone` says that nobody else can
    write this file meanwhile: the temporary name is then always the same, and what a killed run left is overwritten.
    The folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = "partial" if alone else f"{uuid.uuid4().hex}.tmp"
    temporary = path.with_name(f".{path.name}.{mark}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def where_writable(what: str) -> Iterator[None]:
    """Leave out what is written inside where its place may only be read by this user, and say so in the log.

    What a read-only store holds can then be used. A full disk is no such place: its error goes on.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _READ_ONLY:
            raise
        logging.getLogger("equipoise.store").warning("%s is not written down: %s", what, error)


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(_encoded(content))


def write_changed(path: Path, content: str | bytes) -> None:
    """Replace a file's content in one step, unless it is just that: to read it is faster than to bring it to disk."""
    try:
        before = path.read_bytes()
    except OSError:  # there is none, or another user lets nobody read it, who may be let replace it
        before = None
    if before != _encoded(content):
        write_whole(path, content)


def _encoded(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content
