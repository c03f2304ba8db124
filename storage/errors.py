"""Errors that a person can act on."""

import errno
from pathlib import Path


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


def disk_fault(error: OSError, place: Path) -> StoreError | None:
    """What the disk, and not the program, is to blame for, as a sentence about `place`; None for anything else."""
    where = f"{error.filename or place}"
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
    }.get(error.errno or 0)
    return None if said is None else StoreError(f"{said}; what is in the store stays, so run again then")
