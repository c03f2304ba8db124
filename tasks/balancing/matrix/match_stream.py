"""The `matches` table as a stream of blocks, read from disk at every pass or held in memory where they fit.

Blocks are cut by the rows' numbers in the whole table, never by its files: floating-point sums over blocks, added in
order, come out the same to the bit however the rows are spread over files and groups, and for any number of workers.
Rows that are gone keep their numbers, so what they leave out of a block is the rounding of a collection without them
only where there is one block; beyond it the sums are the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.tables.shards import open_shard
from tasks.arrays import Int64s, Keywords
from tasks.balancing.matrix.checks import check_rows, check_unique
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.mappers import Mapper, mapped

ROWS_PER_BLOCK = 1 << 18
HELD_BYTES = 128 << 20
Result = TypeVar("Result")


@dataclass(frozen=True)
class MatchBlock:
    """Some rows of the table.

    Attributes:
        indptr: `[rows + 1]`, offsets.
        indices: keyword numbers.
        gone: rows that were dropped before matching, null in the table; a stream leaves them out of its blocks.
    """

    indptr: Int64s
    indices: Keywords
    gone: int

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return int(self.indptr.nbytes + self.indices.nbytes)


@dataclass(frozen=True)
class _Piece:
    """Rows `start … stop` of one file."""

    file: int
    start: int
    stop: int


class MatchStream:
    """All rows of some shards of the `matches` table, in their order, as blocks.

    Args:
        paths: the shards.
        columns: number of keywords m; a match that names another is refused.
        mapper: where passes run: `mapped(workers)` for threads, `ray_mapped()` for a cluster.
        held: bytes of blocks that may stay in memory between passes; the others are read again each time.
    """

    def __init__(
        self, paths: Sequence[Path], columns: int, *, mapper: Mapper | None = None, held: int = HELD_BYTES
    ) -> None:
        self.columns = columns
        self._paths = list(paths)
        self.mapper = mapper or mapped(1)
        self._footers = [_footer(path) for path in self._paths]
        self._blocks = _cut([footer.num_rows for footer in self._footers], ROWS_PER_BLOCK)
        self._room = held
        self._held: dict[int, MatchBlock] = {}
        self._sound: set[int] = set()
        self._lock: Lock | None = Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Without what is in memory: a worker of a cluster reads its blocks itself."""
        return {**self.__dict__, "_held": {}, "_lock": None, "_room": 0, "mapper": None}

    @property
    def rows(self) -> int:
        """Rows of all shards, those that are gone included."""
        return sum(footer.num_rows for footer in self._footers)

    def __len__(self) -> int:
        return len(self._blocks)

    def map(self, function: Callable[[MatchBlock], Result]) -> Iterable[Result]:
        """`function` of every block, in order."""
        return self.mapper(_OfBlock(self, function), range(len(self)))

    def whole(self) -> Incidence:
        """All rows that are not gone as one matrix; their numbers in it stand for ids."""
        blocks = list(self.map(lambda block: block))
        degrees = np.concatenate([np.zeros(0, np.int64), *(np.diff(block.indptr) for block in blocks)])
        indices = np.concatenate([np.zeros(0, np.uint32), *(block.indices for block in blocks)])
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(degrees)])
        return Incidence(np.arange(len(degrees), dtype=np.uint64), indptr, indices, self.columns)

    def block(self, number: int) -> MatchBlock:
        """One block, without the rows that are gone.

        Raises:
            InputError: a row names an unknown keyword, or one twice; or a file cannot be read.
        """
        known = self._held.get(number)
        if known is not None:
            return known
        lists = self._read(number, ["entries"]).column("entries")
        found = replace(as_block(lists.drop_null() if lists.null_count else lists), gone=lists.null_count)
        if number not in self._sound:
            self._check(number, found)
            self._sound.add(number)
        with self._lock or nullcontext():
            if found.bytes <= self._room:
                self._room -= found.bytes
                self._held[number] = found
        return found

    def _check(self, number: int, found: MatchBlock) -> None:
        check_rows(found.indptr, found.indices, self.columns)
        try:
            check_unique(found.indptr, found.indices, self.columns)
        except InputError:
            table = self._read(number, ["id", "entries"])  # to say which caption it is
            ids = table.column("id").filter(table.column("entries").is_valid()).to_numpy()
            check_unique(found.indptr, found.indices, self.columns, ids)

    def _read(self, number: int, columns: list[str]) -> pa.Table:
        """Some columns of a block's rows, those that are gone included."""
        return pa.concat_tables(self._piece(piece, columns) for piece in self._blocks[number])

    def _piece(self, piece: _Piece, columns: list[str]) -> pa.Table:
        """The rows of one piece, from the row groups that it touches."""
        footer = self._footers[piece.file]
        edges = [0, *accumulate(footer.row_group(group).num_rows for group in range(footer.num_row_groups))]
        groups = [
            group for group, (start, stop) in enumerate(pairwise(edges)) if start < piece.stop and stop > piece.start
        ]
        try:
            with open_shard(self._paths[piece.file], footer) as file:
                table = file.read_row_groups(groups, columns=columns, use_threads=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise _broken(self._paths[piece.file], error) from None
        return table.slice(piece.start - edges[groups[0]], piece.stop - piece.start)


@dataclass(frozen=True)
class _OfBlock:
    """A function of a block, as a function of its number: what a mapper carries to a worker."""

    stream: MatchStream
    function: Callable[[MatchBlock], Any]

    def __call__(self, number: int) -> Any:  # noqa: ANN401  whatever the function returns
        return self.function(self.stream.block(number))


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise _broken(path, error) from None


def _broken(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} is no sound table of matches ({error}); run `equipoise verify --discard`, then run again"
    )


def as_block(lists: pa.ChunkedArray) -> MatchBlock:
    """Keyword lists as compressed rows; null, the mark of a row that is gone, becomes an empty row."""
    offsets: list[Int64s] = [np.zeros(1, dtype=np.int64)]
    values: list[Keywords] = []
    held = 0
    for chunk in lists.chunks:
        if not len(chunk):
            continue
        ends = chunk.offsets.to_numpy().astype(np.int64)
        values.append(chunk.values.to_numpy(zero_copy_only=False)[ends[0] : ends[-1]].astype(np.uint32, copy=False))
        offsets.append(ends[1:] - ends[0] + held)
        held += len(values[-1])
    indices = np.concatenate(values) if values else np.zeros(0, dtype=np.uint32)
    return MatchBlock(np.concatenate(offsets), indices, lists.null_count)


def _cut(rows: Sequence[int], size: int) -> list[list[_Piece]]:
    """Blocks of `size` rows over files of the given lengths, each a list of pieces."""
    blocks: list[list[_Piece]] = []
    room = 0
    for file, count in enumerate(rows):
        start = 0
        while start < count:
            if room == 0:
                blocks.append([])
                room = size
            stop = min(count, start + room)
            blocks[-1].append(_Piece(file, start, stop))
            room -= stop - start
            start = stop
    return blocks
