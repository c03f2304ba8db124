"""The ids of all rows that are not gone, file by file, read by several threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from storage.tables.shards import count_rows, read_table
from tasks.arrays import Ids
from tasks.balancing.matrix.mappers import mapped


@dataclass(frozen=True)
class AliveIds:
    """Calling it gives the ids anew.

    Attributes:
        groups: the files of `matches` of each group, and how many of their rows are not gone; where that is all of
            them, the lists need not be read to tell.
        workers: threads that read.
    """

    groups: Sequence[tuple[Sequence[Path], int]]
    workers: int = 1

    def __call__(self) -> Iterator[Ids]:
        """The ids of one file after the other."""
        for paths, rows in self.groups:
            whole = rows == sum(map(count_rows, paths))
            yield from mapped(self.workers)(partial(_ids, whole=whole), list(paths))


def _ids(path: Path, *, whole: bool) -> Ids:
    if whole:
        ids: Ids = read_table(path, ["id"], threads=False)["id"].to_numpy()
        return ids
    table = read_table(path, ["id", "entries"], threads=False)
    left: Ids = table["id"].filter(table["entries"].is_valid()).to_numpy()
    return left
