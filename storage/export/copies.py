"""Every copy of every curated row, numbered, so that any stretch of an export can be written by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storage.export.samples import Rejection, Sample, read_samples
from storage.tables.shards import read_table


@dataclass(frozen=True)
class Stretch:
    """Rows of one shard of which the same copy is meant: their places, int64 `[k]` ascending."""

    path: Path
    copy: int
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Copies:
    """The numbering: first each row once, in the order of the shards, then each second copy, and so on.

    So the copies of a row lie far apart, and a batch of a trainer seldom holds two. Numbers are given before any row is
    looked at, so that rows which an export refuses leave a gap, as failed downloads do in img2dataset's shards.

    Attributes:
        paths: the curated shards.
        copy: int64 `[s]`, of every segment: rows of one shard that have this copy.
        file: int64 `[s]`, its shard.
        ends: int64 `[s]`, the number after its last.
    """

    paths: tuple[Path, ...]
    copy: npt.NDArray[np.int64]
    file: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, paths: Sequence[Path], *, most: int | None = None) -> "Copies":
        """From the shards' column of multiplicities; of each row at most so many copies."""
        copies, files, counts = [], [], []
        for number, path in enumerate(paths):
            having = np.bincount(_multiplicities(path), minlength=1)[::-1].cumsum()[::-1][1:][:most]  # > 0, > 1, …
            copies.append(np.arange(len(having)))
            files.append(np.full(len(having), number))
            counts.append(having)
        copy, file, count = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in (copies, files, counts))
        order = np.lexsort((file, copy))
        return cls(tuple(paths), copy[order], file[order], count[order].cumsum())

    @property
    def total(self) -> int:
        """Copies of all rows."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def stretches(self, start: int, stop: int) -> Iterator[Stretch]:
        """What the numbers from `start` up to `stop` mean, in order."""
        segment = int(np.searchsorted(self.ends, start, side="right"))
        while segment < len(self.ends) and start < stop:
            before = int(self.ends[segment - 1]) if segment else 0
            end = min(stop, int(self.ends[segment]))
            path, copy = self.paths[self.file[segment]], int(self.copy[segment])
            having = np.flatnonzero(_multiplicities(path) > copy)
            yield Stretch(path, copy, having[start - before : end - before])
            start, segment = end, segment + 1

    def cut(self, size: int) -> Iterator[tuple[int, int, int]]:
        """(part, first number, the one after its last) of every `size` copies."""
        for part, start in enumerate(range(0, self.total, size)):
            yield part, start, min(start + size, self.total)

    def samples(self, start: int, stop: int) -> Iterator[tuple[int, int, Sample | Rejection]]:
        """(number, copy, sample or why it cannot go out) of each copy from `start` up to `stop`."""
        number = start
        for stretch in self.stretches(start, stop):
            for sample in read_samples(stretch.path, stretch.rows):
                yield number, stretch.copy, sample
                number += 1


def _multiplicities(path: Path) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = read_table(path, ["multiplicity"])["multiplicity"].to_numpy().astype(np.int64)
    return found
