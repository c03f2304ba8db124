"""From encoded pictures to pixels at the model's size, and pixels by row number."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image
from torch import Tensor
from torchvision.transforms import Normalize

from storage.errors import InputError
from tasks.arrays import Int64s, Pixels
from tasks.embedding.pictures.resizing import resized_side
from tasks.ingest.pictures.render import Unrenderable, render

_REMEDY = "ingest it again with verify: decode and a smaller max_aspect_ratio, so that it is rejected"


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
        """The rendered picture at the model's size, uint8 `[3, side, side]`. Raises `Unrenderable` as `render` does."""
        picture = render(encoded, resized=self._resized)
        if picture.size != (self.side, self.side) or not self._keeps_its_size:
            width, height = picture.size
            try:
                picture = self._placed(picture)
            except ValueError as error:  # the longest side resized, a strip has no width left
                detail = f"{width} × {height} has no place in the model: {error}"
                raise Unrenderable("unreadable image", detail) from None
        return np.ascontiguousarray(np.asarray(picture).transpose(2, 0, 1))

    def _placed(self, picture: Image.Image) -> Image.Image:
        for step in self.geometry:
            picture = step(picture)
        return picture

    @cached_property
    def _resized(self) -> int | None:
        return resized_side(self.geometry)

    @cached_property
    def _keeps_its_size(self) -> bool:
        """Whether the geometry leaves pictures of the model's size as they are: one of noise is tried."""
        shape = (self.side, self.side, 3)
        noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        placed = np.asarray(self._placed(Image.fromarray(noise)))
        return placed.shape == shape and bool((placed == noise).all())


class DecodedPictures:
    """All pictures decoded, uint8 `[n, 3, side, side]`: 3 kB a picture of 32 pixels. Row i lies at `place[i]`."""

    def __init__(self, pixels: Pixels, place: Int64s | None = None) -> None:
        self.pixels = pixels
        self.side = pixels.shape[2]
        self._place = place

    def take(self, rows: Int64s) -> Pixels:
        """The pictures of some rows, uint8 `[b, 3, side, side]`."""
        return self.pixels[rows if self._place is None else self._place[rows]]


AHEAD = 3
"""Batches made early in a thread beside the steps, where decoding takes long or the steps run elsewhere."""


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
            except Unrenderable as error:
                where = f"the image of row {keys[row]!r}"
                raise InputError(f"{where} cannot be decoded ({error.detail}); {_REMEDY}") from None

    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        list(pool.map(some, [range(first, len(encoded), workers) for first in range(workers)]))
    return pixels
