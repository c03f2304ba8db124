"""Where a row lies: by its id, by its source's own key, or by the name of its picture."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.ids import read_ids
from storage.tables.shards import open_shard, read_table
from tasks.balancing.matrix.mappers import mapped
from tasks.reporting.inputs.untrusted import displayed

_READERS = 4
_SHOWN = 20  # rows that share a picture


@dataclass(frozen=True)
class Place:
    """A row: which file, and where in it."""

    file: int
    row: int


def find_row(paths: Sequence[Path], wanted: str) -> Place | None:
    """The first row whose id is `wanted`, in any spelling, or else whose key it is.

    Ids are numbers of eight bytes in a column of their own: a hundred million are read in about a second.
    """
    for column, values in (("id", pa.array(read_ids(wanted), pa.uint64())), ("key", pa.array([wanted]))):
        for file, row in enumerate(mapped(_READERS)(partial(_row_of, column=column, values=values), paths)):
            if row >= 0:
                return Place(file, row)
    return None


def find_picture(paths: Sequence[Path], wanted: str) -> Place | None:
    """The row whose picture is called so: by its path, by the end of that, with or without the file name's ending.

    Raises `InputError` where several rows have such a picture; it names their keys and ids.
    """
    ending = ending_of(wanted)
    found: list[Place] = []
    count = 0
    for file, rows in enumerate(mapped(_READERS)(partial(_pictures, ending=ending), paths)):
        count += len(rows)  # a name such as image.jpg may be that of all rows: the first are enough
        found += [Place(file, int(row)) for row in rows[: _SHOWN - len(found)]]
    if count > 1:
        named = [row_at(paths[each.file], each.row, ["key", "id"]) for each in found]
        listed = ", ".join(f"{displayed(row['key'], 100)} ({row['id']})" for row in named)
        listed += ", …" if count > _SHOWN else ""
        raise InputError(f"{count:,} rows have a picture {wanted!r}; name one by its key or id: {listed}")
    return found[0] if found else None


def ending_of(wanted: str) -> str:
    """The pattern of paths that a person may mean by a name: leading folders and the ending may be left out."""
    return rf"(^|/){re.escape(wanted)}(\.\w+)?$"


def row_at(path: Path, row: int, columns: Sequence[str]) -> dict[str, Any]:
    """One row of a file."""
    found: dict[str, Any] = read_table(path, columns).slice(row, 1).to_pylist()[0]
    return found


def _row_of(path: Path, *, column: str, values: pa.Array) -> int:
    """The first row of a file whose value is among the wanted ones, or -1."""
    if not len(values):
        return -1
    held = read_table(path, [column], threads=False)[column]
    return int(pc.index(held, values[0]).as_py()) if len(values) == 1 else _first(held, values)


def _first(held: pa.ChunkedArray, values: pa.Array) -> int:
    return int(pc.index(pc.is_in(held, value_set=values), pa.scalar(True)).as_py())


def _pictures(path: Path, *, ending: str) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The rows of a file whose picture's path ends so; the pictures themselves are not read."""
    return np.flatnonzero(np.concatenate([[], *(_ends(names, ending) for names in _names(path))]))


def _names(path: Path) -> Iterator[pa.Array]:
    with open_shard(path) as file:
        for batch in file.iter_batches(1 << 16, columns=["image.path"]):
            yield pc.struct_field(batch["image"], "path")


def _ends(names: pa.Array, ending: str) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    fits = pc.fill_null(pc.match_substring_regex(names, ending), False)
    return np.asarray(fits.to_numpy(zero_copy_only=False), dtype=np.bool_)
