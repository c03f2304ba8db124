"""The encoder without a model: a shrunken image's local detail. Enough to find images that are the same picture."""

import math

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from tasks.arrays import Float32s, Pixels, Reals

BLUR = 0.25
"""Deviation of the blur that is subtracted, in sides of the picture."""


ENOUGH = 256
"""Pixels a side from which a thumbnail is averaged: a larger JPEG is decoded no larger (see `render`).

Measured on 600 × 400 to 4000 × 3000: the vector of side 8 moves by 0.03 at most, by 0.1 from 64 pixels.
"""


def thumbnail(picture: Image.Image, side: int) -> Pixels:
    """The rendered picture averaged down to `side` × `side`, whatever its shape, uint8 `[3, side, side]`."""
    small = picture.convert("RGB").resize((side, side), Image.Resampling.BOX)
    return np.asarray(small).transpose(2, 0, 1)


def local_detail(thumbnails: Reals | Pixels, blur: float) -> Float32s:
    """Pictures less their own blur, float32 `[…, s, s]`, `blur` the deviation of its Gaussian in sides.

    What is left does not know brightness, nor the large shapes that unrelated pictures share (a bright sky over a
    dark sea): it is small edges in their places, which only copies have in common.
    """
    values = np.asarray(thumbnails, dtype=np.float32) / 255
    deviations = (0.0,) * (values.ndim - 2) + (blur * values.shape[-1],) * 2
    return np.asarray(values - gaussian_filter(values, deviations, mode="nearest"), dtype=np.float32)


def pixel_vector(picture: Image.Image, side: int) -> Float32s:
    """The `local_detail` of the picture's thumbnail, each channel centred over the picture, float32 `[3 · side²]`.

    Box averaging makes it insensitive to size and compression; after normalisation, cosine is the correlation of two
    thumbnails' detail, whatever brightness and contrast. A picture of one colour gives 0, which has no direction.
    """
    return pixel_vectors(thumbnail(picture, side)[None])[0]


def pixel_vectors(thumbnails: Reals | Pixels) -> Float32s:
    """`pixel_vector` of thumbnails `[n, 3, s, s]`, not normalised, float32 `[n, 3 · s²]`."""
    detail = local_detail(thumbnails, BLUR)
    detail -= detail.mean(axis=(-2, -1), keepdims=True, dtype=np.float64).astype(np.float32)
    return detail.reshape(len(detail), math.prod(detail.shape[1:]))
