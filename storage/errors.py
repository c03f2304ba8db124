"""Errors that a person can act on."""

import errno
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_HARDLY_ANYTHING = 64 << 10  # bytes


class EquipoiseError(Exception):
    """Anything the user can mend: its text is one sentence saying what, where, and what to do.

    The command line prints the sentence and nothing else; every other exception keeps its traceback, because it
    is a fault of ours.

    Example:
        >>> from equipoise import EquipoiseError, run
        >>> try:
        ...     run("no-such-file.yaml")
        ... except EquipoiseError as error:
        ...     print(error)
        no-such-file.yaml does not exist; the examples lie in configs/
    """


class InputError(EquipoiseError):
    """An input (file, row, field or option) that cannot be used as it is."""


class CheckError(EquipoiseError):
    """A check refused what a stage made: nothing that reads it began, and it stays in the store as evidence."""


class StoreError(EquipoiseError):
    """Something in the store is missing, truncated or altered, or it cannot be written to."""


def memory_fault(error: BaseException, stage: str, remedy: str) -> EquipoiseError | None:
    """That memory ran out in a stage, as a sentence with what needs less; None for any other error.

    Python, numpy and Arrow raise kinds of `MemoryError`; torch raises an error of its own for a graphics card, and
    tells a processor's shortage, and that of cuBLAS, in the text of a `RuntimeError`. Where the system grants a process
    no more (`ulimit -v`), a library that cannot be loaded or a thread that cannot start may be the first to say so, and
    another error may have come of that.
    """
    for each in with_causes(error):
        said = " ".join(str(each).split())
        card = type(each).__name__ == "OutOfMemoryError" or any(words in said for words in _CARD_FULL)
        full = isinstance(each, MemoryError) or getattr(each, "errno", None) == errno.ENOMEM
        forbidden = any(words in said for words in _FORBIDDEN)
        if card or full or (not forbidden and any(words in said for words in _MEMORY_FULL)):
            whose = "the graphics card's memory" if card else "the memory"
            more = ", or raise how many processes a user may have (`ulimit -u`)" if _NO_THREAD in said else ""
            said = f"{whose} was not enough for the stage {stage!r}: {remedy}{more}; what is in the store stays"
            return EquipoiseError(said)
    return None


_CARD_FULL = ("CUDA out of memory", "MPS backend out of memory", "_STATUS_ALLOC_FAILED")
_NO_THREAD = "can't start new thread"
_MEMORY_FULL = ("memory: you tried to allocate", "failed to map segment from shared object", _NO_THREAD,
                "Cannot allocate memory", "std::bad_alloc")  # fmt: skip
_FORBIDDEN = ("Operation not permitted", "Permission denied")  # of a library on a disk that runs nothing


def with_causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from or in the handling of, and so on, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def disk_fault(error: BaseException, place: Path) -> StoreError | None:
    """What the disk, and not the program, is to blame for, as a sentence about `place`; None for anything else.

    Libraries have exceptions of their own: some name the system's error in their text, others say only that writing
    failed; a disk that is full is then looked for.
    """
    number = _system_error(error) or (errno.ENOSPC if _is_full(place) else 0)
    where = f"{getattr(error, 'filename', None) or place}"
    if number == errno.EEXIST and not Path(where).is_file():
        return None
    said = {
        errno.ENOSPC: f"no space is left for {where}: free some (`equipoise gc CONFIG` lists what may go)",
        errno.EDQUOT: f"the quota is used up at {where}: free some (`equipoise gc CONFIG` lists what may go)",
        errno.EROFS: f"{where} lies on a file system that is read-only: name another store, or mount it for writing",
        errno.EACCES: f"{where} may not be written or read by this user: mend its permissions (`ls -ld`)",
        errno.EPERM: f"{where} may not be changed by this user: mend its permissions (`ls -ld`)",
        errno.ENOTDIR: f"{where} goes through a file, where a folder is needed: remove the file or name another place",
        errno.EISDIR: f"{where} is a folder, where a file is needed: remove it or name another place",
        errno.EEXIST: f"{where} is a file, where a folder is needed: remove it or name another place",
        errno.ENAMETOOLONG: f"{where[:80]}… is a longer name than the file system takes: use a shorter path",
        errno.EMFILE: f"too many files are open ({where}): raise the limit (`ulimit -n 4096`)",
        errno.EIO: f"the disk failed at {where}: look at the system's log",
        errno.ESTALE: f"{where} was lost by the network file system: mount it again",
    }.get(number)
    return None if said is None else StoreError(f"{said}; what is in the store stays, so run again then")


def _system_error(error: BaseException) -> int:
    """The system's number of an error, of its own or out of its text (as Rust's libraries write it); 0 for none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"\(os error (\d+)\)|\[errno (\d+)\]", str(error), re.IGNORECASE)
    return int(found.group(1) or found.group(2)) if found else 0


def _is_full(place: Path) -> bool:
    """Whether a file system has hardly a block left."""
    try:
        return shutil.disk_usage(place).free < _HARDLY_ANYTHING
    except OSError:
        return False
