"""Identities of rows: a hash of where a row comes from, and the spellings in which people give one."""

import operator
import re
from collections.abc import Sequence

import numpy as np

from storage.errors import InputError


def row_ids(source: str, keys: Sequence[str]) -> np.ndarray:
    """Identities of rows, uint64 `[n]`: XXH3-64 of the source's name, a NUL, and the source's own key."""
    import xxhash  # here, since ids are looked up on machines without it

    prefix = source.encode("utf-8", "surrogatepass") + b"\0"
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter(
        (digest(prefix + key.encode("utf-8", "surrogatepass")) for key in keys), dtype=np.uint64, count=len(keys)
    )


def as_ids(ids: np.ndarray | Sequence[int]) -> np.ndarray:
    """Ids as uint64, whatever they came as; a list is read number by number, because numpy makes floats of large ones.

    Raises:
        TypeError: ids that are not integers; a float cannot hold every 64-bit id.
        InputError: an id below 0, or from 2^64 on.
    """
    if isinstance(ids, list | tuple):
        try:
            return np.fromiter(map(operator.index, ids), dtype=np.uint64, count=len(ids))
        except OverflowError:
            outside = next(place for place, each in enumerate(ids) if not 0 <= operator.index(each) < 1 << 64)
            raise _no_id(outside, ids[outside]) from None
    array = np.asarray(ids)
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        outside = int(np.argmax(array < 0))
        raise _no_id(outside, array[outside])
    if array.size and array.dtype.kind not in "ui":
        raise TypeError(f"ids must be uint64, not {array.dtype}: a float cannot hold every 64-bit id")
    return array.astype(np.uint64, copy=False)


def _no_id(place: int, number: int) -> InputError:
    return InputError(f"ids[{place}] is {number}; an id is a whole number from 0 to 2^64 - 1")


def spelled_id(id_: int) -> str:
    """An id as exports write it: 16 hexadecimal digits, which keep their width in names of files."""
    return f"{id_:016x}"


def read_ids(text: str) -> tuple[int, ...]:
    """The ids that a text may stand for: decimal, hexadecimal as exports write it (16 digits), or with `0x` before.

    Sixteen decimal digits are both a decimal and a hexadecimal number; whoever looks an id up tries them in order.
    """
    found = []
    if re.fullmatch(r"[0-9]+", text):
        found.append(int(text[:20]) if len(text) <= 20 else 2**64)
    if re.fullmatch(r"[0-9a-fA-F]{16}|0[xX][0-9a-fA-F]{1,16}", text):
        found.append(int(text, 16))
    return tuple(id_ for id_ in dict.fromkeys(found) if id_ < 2**64)
