"""The uid subset that DataComp's `resharder.py` takes."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.atomic import replacing
from storage.errors import InputError
from storage.export.samples import Export
from storage.tables.shards import iter_batches

UID = np.dtype("u8,u8")
_HEX = re.compile(r"[0-9a-f]{32}")


def write_datacomp_subset(paths: Sequence[Path], file: Path) -> Export:
    """A `.npy` of the rows' uids as `(uid[:16], uid[16:])`, two uint64 read as hexadecimal, in lexicographic order.

    A uid stands there as often as its row's multiplicity says. Raises `InputError` for a key that is not a uid, 32
    lower-case hexadecimal digits: the pairs then are not DataComp's.
    """
    uids: list[tuple[int, int]] = []
    for batch in iter_batches(list(paths), columns=["key", "multiplicity"]):
        keys, copies = batch["key"].to_pylist(), batch["multiplicity"].to_pylist()
        for key, count in zip(keys, copies, strict=True):
            if not _HEX.fullmatch(key):
                raise InputError(
                    f"the key {key!r} is not a DataComp uid (32 hexadecimal digits); a uid subset can be written for "
                    "DataComp pairs only"
                )
            uids += [(int(key[:16], 16), int(key[16:], 16))] * count
    subset = np.sort(np.array(uids, dtype=UID))
    with replacing(file) as temporary, temporary.open("wb") as stream:
        np.save(stream, subset)
    return Export((file,), len(subset), 0)
