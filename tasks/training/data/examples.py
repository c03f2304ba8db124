"""What a training asks of its examples, wherever they lie."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from tasks.arrays import Ids, Pixels
from tasks.training.data.images import Preparation


@dataclass(frozen=True)
class Drawn:
    """One rank's examples of a step: uint64 `[b]`, uint8 `[b, 3, side, side]` and int64 `[b, context]`."""

    ids: Ids
    pictures: Pixels
    tokens: Tensor


class Examples(Protocol):
    """Pictures with captions, drawn in batches."""

    @property
    def ids(self) -> Ids:
        """Of the rows that are drawn from, uint64 `[n]`."""
        ...

    @property
    def preparation(self) -> Preparation:
        """How the pictures are brought to size, and standardised."""
        ...

    @property
    def without_image(self) -> int:
        """Selected rows that were left out."""
        ...

    def used_tokens(self) -> Tensor | None:
        """The token numbers that occur, int64 `[v]` ascending; None where they are not known."""
        ...

    def ahead(self, device: str) -> int:
        """How many batches are worth making early."""
        ...

    def batches(self, *, batch: int, seed: int, start: int, part: slice) -> Iterator[Drawn]:
        """One rank's part of every batch from number `start` on, without end; the same batches for the same seed."""
        ...
