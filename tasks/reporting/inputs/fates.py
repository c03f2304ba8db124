"""What became of the pairs, fate by fate: how many share it, and a few of them, in one pass with bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.draws import words
from storage.tables.shards import read_table
from tasks.arrays import Floats, Ids, Int64s
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.incidence import take_rows
from tasks.balancing.matrix.match_stream import MatchBlock, as_block


@dataclass(frozen=True)
class Row:
    """One pair: its id, copies in the selection, weight (None without a keyword), and the numbers of its keywords."""

    id: int
    multiplicity: int
    weight: float | None
    keywords: tuple[int, ...]


@dataclass(frozen=True)
class Fate:
    """What some pairs share.

    Attributes:
        title: the fate.
        meaning: the same in a sentence.
        total: how many pairs share it.
        rows: those to show.
    """

    title: str
    meaning: str
    total: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Shard:
    """Matches and selection of one file, row by row."""

    ids: Ids
    block: MatchBlock
    copies: Int64s
    law: Law

    def weights(self, places: Int64s) -> Floats:
        """The weights of some rows."""
        return self.law.weights(*take_rows(self.block.indptr, self.block.indices, places))

    def rows(self, places: Int64s) -> list[Row]:
        """Some rows, as they are shown."""
        return [
            Row(int(self.ids[place]), int(self.copies[place]), float(weight) if len(keywords) else None, keywords)
            for place, weight in zip(places.tolist(), self.weights(places), strict=True)
            for keywords in [tuple(self.block.indices[slice(*self.block.indptr[place : place + 2])].tolist())]
        ]


class _Few:
    """The few rows of one fate with the smallest keys, and how many there are in all."""

    def __init__(self, most: int) -> None:
        self.total = 0
        self._most = most
        self._held: list[tuple[tuple[float, ...], Row]] = []

    def add(self, shard: _Shard, places: Int64s, *keys: Floats | Ids | Int64s) -> None:
        """Rows of a shard that have the fate; `keys [places]` each: the first decides, and the id between equals."""
        self.total += len(places)
        near = np.arange(len(places))
        if len(places) > 4 * self._most:  # only rows whose first key is among the smallest can be among the few
            near = np.flatnonzero(keys[0] <= np.partition(keys[0], self._most)[self._most])
        order = np.lexsort((shard.ids[places[near]], *(key[near] for key in reversed(keys))))
        few = near[order[: self._most]]
        for place, row in zip(few.tolist(), shard.rows(places[few]), strict=True):
            self._held.append(((*(key[place].item() for key in keys), row.id), row))
        self._held = sorted(self._held, key=lambda held: held[0])[: self._most]

    def rows(self) -> tuple[Row, ...]:
        return tuple(row for _, row in self._held)


def choose(side_by_side: Iterable[tuple[Path, Path]], law: Law, count: int, seed: int) -> list[Fate]:
    """The fates and `count` rows of each: the extreme ones by multiplicity and weight, the others by a hash draw.

    Args:
        side_by_side: files of matches, each with its file of the selection.
        law: for the weights.
        count: most rows of a fate.
        seed: of the draw.
    """
    repeated, once, dropped, unmatched = (_Few(count) for _ in range(4))
    for matches, selection in side_by_side:
        table, chosen = read_table(matches), read_table(selection)
        block = as_block(table.column("entries"))
        ids, copies = table.column("id").to_numpy(), np.zeros(table.num_rows, dtype=np.int64)
        copies[chosen.column("row").to_numpy()] = chosen.column("multiplicity").to_numpy()
        shard = _Shard(ids, block, copies, law)
        matched = np.diff(block.indptr) > 0
        alive = table.column("entries").is_valid().to_numpy()
        several = np.flatnonzero(copies > 1)
        repeated.add(shard, several, -copies[several], -shard.weights(several))
        for fate, chosen, purpose in (
            (once, copies == 1, "report kept once"),
            (dropped, matched & (copies == 0), "report dropped"),
            (unmatched, alive & ~matched, "report unmatched"),
        ):
            places = np.flatnonzero(chosen)
            fate.add(shard, places, words(ids[places], seed=seed, purpose=purpose))
    few = "a random few"
    return [
        Fate("Repeated most", "rare keywords give these pairs the largest weights", repeated.total, repeated.rows()),
        Fate("Kept once", few, once.total, once.rows()),
        Fate("Dropped", f"matched a keyword, but were not drawn; {few}", dropped.total, dropped.rows()),
        Fate("Never matched", f"their captions hold no keyword; {few}", unmatched.total, unmatched.rows()),
    ]
