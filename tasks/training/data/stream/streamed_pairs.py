"""Training pairs that are read from their shards as they are needed, where they do not fit in memory decoded.

Nothing is copied. In memory are 20 bytes a row, the window of `stream_order` (`WINDOW` blocks of at most `BLOCK_BYTES`
of encoded pictures, as estimated from a sample), the encoded pictures of 8 batches, one row group of the shards, which
is read beside the decoding, and a few decoded batches. With several ranks each has all of this: it reads every row, and
decodes its own part of each batch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from torch import Tensor

from tasks.arrays import Floats, Ids
from tasks.training.data.examples import Drawn
from tasks.training.data.images import AHEAD, Preparation, decode_all
from tasks.training.data.prefetch import prefetch
from tasks.training.data.selection import Drawing
from tasks.training.data.stream.row_index import Example, RowIndex
from tasks.training.data.stream.stream_order import StreamOrder, dealt

WINDOW = 8
"""Blocks in the buffer, for each pass over the blocks."""

BLOCK_ROWS = 8_192
BLOCK_BYTES = 32 << 20
MOST_PASSES = 8
TOGETHER = 8
"""Batches among which rows are dealt out so that copies, and captions of one picture, do not meet."""

_SAMPLES, _SAMPLE_ROWS = 16, 32


@dataclass(frozen=True)
class StreamedPairs:
    """Examples in the order of their shards, which neither the number nor the sizes of the shards change.

    Attributes:
        index: where they lie.
        preparation: how pictures are brought to size, and are standardised.
        tokenizer: captions to tokens `[n, context]`.
        workers: threads that decode.
        block: rows that are read together.
        passes: how often an epoch goes over the blocks, and into how many parts a block's rows fall.
    """

    index: RowIndex
    preparation: Preparation
    tokenizer: Callable[[list[str]], Tensor]
    workers: int
    block: int
    passes: int

    @classmethod
    def of(
        cls,
        paths: Sequence[Path],
        drawing: Drawing,
        *,
        preparation: Preparation,
        tokenizer: Callable[[list[str]], Tensor],
        workers: int = 1,
    ) -> "StreamedPairs":
        """Of pair or curated shards.

        Curated ones lie in hash order and are gone over as often as the most frequent row has copies; pairs lie as in
        their source, so that eight passes are made, each with an eighth of every block, for a window eight times as
        wide. Eight is the most.

        Args:
            paths: the shards.
            drawing: how often each row is drawn.
            preparation: the model's evaluation transform.
            tokenizer: captions to tokens.
            workers: threads that decode.

        Raises:
            InputError: nothing is drawn, an id comes twice, or a selected one is missing.
        """
        index = RowIndex.of(paths, drawing)
        hashed = all("multiplicity" in pq.read_schema(path).names for path in paths)
        passes = int(np.clip(np.ceil(index.copies.max()), 1, MOST_PASSES)) if hashed else MOST_PASSES
        return cls(index, preparation, tokenizer, workers, _block_rows(index), passes)

    @property
    def ids(self) -> Ids:
        """Of the rows that are drawn from, uint64 `[n]`."""
        return self.index.ids

    @property
    def copies(self) -> Floats:
        """Of each row an epoch, float64 `[n]`."""
        return self.index.copies

    @property
    def without_image(self) -> int:
        """Selected rows that were left out."""
        return self.index.without_image

    def used_tokens(self) -> None:
        """Not known: to know them, every caption would have to be tokenised before the first step."""
        return

    def ahead(self, device: str) -> int:
        """How many batches are worth making early: some, as decoding takes long."""
        return AHEAD

    def batches(self, *, batch: int, seed: int, start: int, part: slice) -> Iterator[Drawn]:
        """One rank's part of every batch from number `start` on.

        Each row comes as often an epoch as it has copies. Of eight batches that follow one another, none has a row or
        a picture twice that comes at most eight times in them.
        """
        order = StreamOrder(self.ids, self.copies, self.block, WINDOW * self.passes, self.passes, seed)
        stretch = TOGETHER * batch
        skipped = start % TOGETHER
        waiting: list[Example] = []
        for some in self._examples(order, start // TOGETHER * stretch):
            waiting += some
            while len(waiting) >= stretch:
                now, waiting = waiting[:stretch], waiting[stretch:]
                identity = np.array([example.same_picture for example in now], dtype=np.uint64)
                for places in dealt(identity, TOGETHER)[skipped:]:
                    yield self._drawn([now[place] for place in places[part]])
                skipped = 0

    def _examples(self, order: StreamOrder, start: int) -> Iterator[list[Example]]:
        """The examples in their order, from one place on, a cell at a time; blocks are read one ahead."""
        held: dict[int, dict[int, Example]] = {}
        cells = order.cells(start)
        for cell, loaded in prefetch(((cell, [*map(self.index.read, cell.loads)]) for cell in cells), 1):
            for examples in loaded:
                block = next(iter(examples)) // self.block
                held.pop(block, None)  # of the pass before
                held[block] = examples
            while len(held) > order.window + 1:
                del held[next(iter(held))]
            yield [held[row // self.block][row] for row in cell.rows.tolist()]

    def _drawn(self, examples: list[Example]) -> Drawn:
        pictures, keys = [each.picture for each in examples], [each.key for each in examples]
        pixels = decode_all(pictures, keys, self.preparation, self.workers)
        ids = np.array([each.id for each in examples], dtype=np.uint64)
        return Drawn(ids, pixels, self.tokenizer([each.caption for each in examples]))


def _block_rows(index: RowIndex) -> int:
    """A power of two, at most `BLOCK_ROWS`, of rows with `BLOCK_BYTES` of pictures, by a sample at even distances."""
    size, rows = 0, 0
    for number in range(_SAMPLES):
        first = number * len(index.ids) // _SAMPLES
        sample = index.read(np.arange(first, min(first + _SAMPLE_ROWS, len(index.ids))))
        size += sum(len(example.picture) for example in sample.values())
        rows += len(sample)
    fits = BLOCK_BYTES * rows // max(size, 1)
    return 1 << int(np.clip(fits, 1, BLOCK_ROWS)).bit_length() - 1
