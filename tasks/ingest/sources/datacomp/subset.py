"""A subset of uids, as DataComp writes it."""

import io
import logging
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import read_bytes
from storage.tables.uids import Uids
from tasks.ingest.columns.sorted_uids import in_order

log = logging.getLogger("equipoise.ingest")


def read_subset(path: Place) -> Uids:
    """The uids of a `.npy` file, `[n, 2]` ascending; of a file of this machine nothing is read before it is looked at.

    Known are DataComp's `u8,u8` and two columns of uint64. What is not in order is put in order in memory.
    Raises `InputError` for anything else, above all for a file that would have to be unpickled.
    """
    try:
        if isinstance(path, Path):
            held = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            held = np.load(io.BytesIO(read_bytes(path)), allow_pickle=False)
    except Exception as error:  # numpy raises nearly anything on hostile headers: TokenError, MemoryError, …
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"the subset {path} is no .npy file of numbers ({said[:120]})") from None
    uids = _two_numbers(held)
    if uids is None:
        kind = f"{held.dtype} of {held.ndim} dimensions" if isinstance(held, np.ndarray) else type(held).__name__
        raise InputError(
            f"the subset {path} holds {kind[:120]}: it must hold uids as DataComp writes them, "
            "np.array([(int(uid[:16], 16), int(uid[16:], 16)), …], 'u8,u8')"
        )
    if in_order(uids):
        return uids
    log.warning("the uids of %s are not in order: they are put in order in memory", path)
    return uids[np.lexsort((uids[:, 1], uids[:, 0]))]


def _two_numbers(held: object) -> Uids | None:
    if not isinstance(held, np.ndarray):
        return None
    kind = held.dtype
    if kind.names is not None and held.ndim == 1 and [kind[name] for name in kind.names] == [np.dtype("<u8")] * 2:
        if kind.itemsize != 16 or not held.flags.c_contiguous:
            return None
        return held.view("<u8").reshape(-1, 2).view(np.ndarray)
    two = held.ndim == 2 and held.shape[1] == 2 and kind == np.dtype("<u8")
    return np.ascontiguousarray(held).view(np.ndarray) if two else None
