"""Training pictures by row number: decoded once where they fit in memory, else decoded at every use."""

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms import Normalize

from storage.errors import InputError
from tasks.arrays import Int64s, Pixels

_REMEDY = "ingest it again with verify_images, so that it is rejected"


@dataclass(frozen=True)
class Preparation:
    """A model's evaluation transform in two parts: what is done to a picture, and how its numbers are standardised.

    Attributes:
        geometry: steps from one PIL image to the next.
        side: pixels of the result.
        mean: of each channel, in [0, 1].
        deviation: of each channel.
    """

    geometry: tuple[Callable[[Image.Image], Image.Image], ...]
    side: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def of(cls, transform: Callable[[Image.Image], Tensor]) -> "Preparation":
        """From an open_clip or torchvision pipeline that ends in a normalisation."""
        steps = list(getattr(transform, "transforms", ()))
        if not steps or not isinstance(steps[-1], Normalize):
            raise InputError("the model's transform must end in a normalisation, as open_clip's do")
        geometry = tuple(step for step in steps[:-1] if "ToTensor" not in type(step).__name__)
        side = transform(Image.new("RGB", (8, 8))).shape[-1]
        return cls(geometry, side, tuple(map(float, steps[-1].mean)), tuple(map(float, steps[-1].std)))

    def decode(self, encoded: bytes) -> Pixels:
        """A picture as RGB at the model's size, uint8 `[3, side, side]`. Raises what Pillow raises for other bytes."""
        with Image.open(io.BytesIO(encoded)) as opened:
            picture = opened.convert("RGB")
        for step in self.geometry:
            picture = step(picture)
        return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))


class Pictures(Protocol):
    """Pictures of one size, by row."""

    side: int

    def take(self, rows: Int64s) -> Pixels:
        """The pictures of some rows, uint8 `[b, 3, side, side]`."""
        ...


class DecodedPictures:
    """All pictures decoded, uint8 `[n, 3, side, side]`: 3 kB a picture of 32 pixels. Row i lies at `place[i]`."""

    def __init__(self, pixels: Pixels, place: Int64s | None = None) -> None:
        self.pixels = pixels
        self.side = pixels.shape[2]
        self._place = place

    def take(self, rows: Int64s) -> Pixels:
        """The pictures of some rows, uint8 `[b, 3, side, side]`."""
        return self.pixels[rows if self._place is None else self._place[rows]]


_AHEAD = 3
"""Batches made early in a thread beside the steps, where decoding takes long or the steps run elsewhere."""


class EncodedPictures:
    """Pictures as encoded bytes in one file, memory-mapped, and decoded by `workers` threads at every use."""

    def __init__(self, path: Path, starts: Int64s, ends: Int64s, preparation: Preparation, workers: int) -> None:
        self.side = preparation.side
        self._preparation = preparation
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._starts, self._ends = starts, ends
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")

    def take(self, rows: Int64s) -> Pixels:
        """The pictures of some rows, uint8 `[b, 3, side, side]`."""
        return np.stack(list(self._pool.map(self._one, rows.tolist())))

    def _one(self, row: int) -> Pixels:
        try:
            return self._preparation.decode(bytes(self._bytes[self._starts[row] : self._ends[row]]))
        except Exception as error:
            raise InputError(f"the image of training row {row} cannot be decoded ({error}); {_REMEDY}") from None


def decode_all(encoded: Sequence[bytes], keys: Sequence[str], preparation: Preparation, workers: int) -> Pixels:
    """Decode many pictures, uint8 `[n, 3, side, side]`.

    Args:
        encoded: their bytes.
        keys: what they are called in errors.
        preparation: how they are brought to size.
        workers: threads.

    Raises:
        InputError: one is no picture; the sentence names its key.
    """
    pixels = np.empty((len(encoded), 3, preparation.side, preparation.side), dtype=np.uint8)

    def some(rows: range) -> None:
        for row in rows:
            try:
                pixels[row] = preparation.decode(encoded[row])
            except Exception as error:
                raise InputError(f"the image of row {keys[row]!r} cannot be decoded ({error}); {_REMEDY}") from None

    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        list(pool.map(some, [range(first, len(encoded), workers) for first in range(workers)]))
    return pixels


def batches_ahead(pictures: Pictures, device: str) -> int:
    """How many batches are worth making early: none where both they and the steps are a processor's own work."""
    return 0 if device == "cpu" and isinstance(pictures, DecodedPictures) else _AHEAD
