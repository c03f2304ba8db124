"""Captions as token numbers, int32: 308 bytes for a caption of 77 tokens."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tasks.arrays import Int32s, Int64s

_BLOCK = 1 << 16


class Tokens:
    """Tokens of n captions; `table` is int32 `[n, context]` in the order it was written, `place` int64 `[n]`."""

    def __init__(self, table: Int32s, place: Int64s) -> None:
        self._table, self._place = table, place

    def take(self, rows: Int64s) -> Tensor:
        """The tokens of some rows, int64 `[b, context]`."""
        return torch.from_numpy(self._table[self._place[rows]].astype(np.int64))

    def used(self) -> Tensor:
        """The token numbers that occur, ascending, int64 `[v]`."""
        seen = np.zeros(0, dtype=np.bool_)
        for first in range(0, len(self._table), _BLOCK):
            counts = np.bincount(np.ravel(self._table[first : first + _BLOCK]), minlength=len(seen))
            counts[: len(seen)] += seen
            seen = counts > 0
        return torch.from_numpy(np.flatnonzero(seen))


class TokenWriter:
    """Tokenises captions as they are read, into room for `rows` of them."""

    def __init__(self, tokenizer: Callable[[list[str]], Tensor], rows: int) -> None:
        self._tokenizer, self._rows = tokenizer, rows
        self._table: Int32s | None = None
        self._filled = 0

    def add(self, captions: list[str]) -> None:
        """The next captions; one that repeats among them is tokenised once."""
        distinct = {caption: index for index, caption in enumerate(dict.fromkeys(captions))}
        tokens = self._tokenizer(list(distinct)).numpy()
        if self._table is None:
            self._table = np.empty((self._rows, tokens.shape[1]), dtype=np.int32)
        end = self._filled + len(captions)
        self._table[self._filled : end] = tokens[[distinct[caption] for caption in captions]]
        self._filled = end

    def finish(self, order: Int64s) -> Tokens:
        """All of them; row i of the result is caption `order[i]`."""
        table = self._table if self._table is not None else np.empty((0, 1), np.int32)
        return Tokens(table[: self._filled], order)
