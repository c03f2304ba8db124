"""What became of the pairs, fate by fate: how many share it, and a few of them, in one pass with bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.draws import words
from storage.tables.shards import read_table
from tasks.arrays import Bools, Floats, Ids, Int64s
from tasks.balancing.law.law import Law
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
    weight: Floats

    def row(self, place: int) -> Row:
        keywords = self.block.indices[self.block.indptr[place] : self.block.indptr[place + 1]]
        weight = float(self.weight[place]) if len(keywords) else None
        return Row(int(self.ids[place]), int(self.copies[place]), weight, tuple(int(each) for each in keywords))


class _Few:
    """The few rows of one fate with the smallest keys, and how many there are in all."""

    def __init__(self, most: int) -> None:
        self.total = 0
        self._most = most
        self._held: list[tuple[tuple[float, ...], Row]] = []

    def add(self, shard: _Shard, chosen: Bools, *keys: Floats | Ids | Int64s) -> None:
        """Rows of a shard that have the fate; `keys [n]` each, the first one decides, and the id between equals."""
        places = np.flatnonzero(chosen)
        self.total += len(places)
        if len(places) > 4 * self._most:  # only rows whose first key is among the smallest can be among the few
            first = keys[0][places]
            places = places[first <= np.partition(first, self._most)[self._most]]
        order = np.lexsort((shard.ids[places], *(key[places] for key in reversed(keys))))
        for place in places[order[: self._most]].tolist():
            key = (*(key[place].item() for key in keys), int(shard.ids[place]))
            self._held.append((key, shard.row(place)))
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
        shard = _Shard(ids, block, copies, law.weights(block.indptr, block.indices))
        matched = np.diff(block.indptr) > 0
        alive = table.column("entries").is_valid().to_numpy()
        repeated.add(shard, copies > 1, -copies, -shard.weight)
        once.add(shard, copies == 1, words(ids, seed=seed, purpose="report kept once"))
        dropped.add(shard, matched & (copies == 0), words(ids, seed=seed, purpose="report dropped"))
        unmatched.add(shard, alive & ~matched, words(ids, seed=seed, purpose="report unmatched"))
    few = "a random few"
    return [
        Fate("Repeated most", "rare keywords give these pairs the largest weights", repeated.total, repeated.rows()),
        Fate("Kept once", few, once.total, once.rows()),
        Fate("Dropped", f"matched a keyword, but were not drawn; {few}", dropped.total, dropped.rows()),
        Fate("Never matched", f"their captions hold no keyword; {few}", unmatched.total, unmatched.rows()),
    ]
