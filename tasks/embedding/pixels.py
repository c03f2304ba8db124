"""The encoder without a model: a shrunken image. Enough to find images that are nearly the same picture."""

import numpy as np
from PIL import Image


def pixel_vector(picture: Image.Image, side: int) -> np.ndarray:
    """The picture averaged down to `side` × `side`, each channel centred over the picture, float32 `[3 · side²]`.

    Box averaging makes it insensitive to size and compression, centring to brightness; after normalisation, cosine
    is the correlation of two thumbnails. A picture of one colour gives 0, which has no direction.
    """
    small = np.asarray(picture.resize((side, side), Image.Resampling.BOX), dtype=np.float32) / 255
    return (small - small.mean(axis=(0, 1), dtype=np.float64).astype(np.float32)).transpose(2, 0, 1).reshape(-1)
