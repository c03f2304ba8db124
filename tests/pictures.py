"""Pictures made of numbers: the same ones on every run and in every order of tests."""

import numpy as np
from PIL import Image


def noise(width: int, height: int, spread: float, seed: int = 0) -> Image.Image:
    """A grey picture of independent normal values around 128.

    Pillow's own `effect_noise` draws from a state of the process that nothing seeds, so that its pictures depend on
    what ran before them.
    """
    values = np.random.default_rng(seed).normal(128, spread, (height, width))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))
