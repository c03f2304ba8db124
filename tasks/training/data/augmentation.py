"""From stored pictures to a batch of floats: shift, mirror and scale in one pass."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from storage.draws import uniform
from tasks.arrays import Bools, Float32s, Int64s, Pixels
from tasks.compiled import compiled

if TYPE_CHECKING:
    from tasks.training.config import AugmentationConfig

_ENOUGH = 1 << 20
"""Numbers to be made for which a thread is worth its start: 3 ms of work."""


def augment(
    pictures: Pixels,
    places: Int64s,
    config: "AugmentationConfig",
    *,
    seed: int,
    step: int,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    workers: int = 1,
) -> Tensor:
    """Randomly shifted, mirrored and standardised pictures, float32 `[b, 3, s, s]`: `(x / 255 - mean) / deviation`.

    They lie in memory with the channels last, which is fastest for convolutions on a processor. A shift moves a picture
    by up to `config.shift · s` pixels each way and repeats its border. Draws are hashes of seed, step and place, so any
    step, and any rank's part of it, can be drawn by itself.

    Args:
        pictures: uint8 `[b, 3, s, s]`.
        places: their places in the whole batch, `[b]`.
        config: how far pictures move, and whether they are mirrored.
        seed: of the training.
        step: number of the step.
        mean: of each channel, in [0, 1].
        deviation: of each channel.
        workers: threads, where there is enough to do for them; the result does not depend on them.
    """
    side = pictures.shape[-1]
    reach = round(config.shift * side)
    purpose = f"augment/{step}"
    down = np.floor(uniform(places, seed=seed, purpose=f"{purpose}/down") * (2 * reach + 1)).astype(np.int64) - reach
    right = np.floor(uniform(places, seed=seed, purpose=f"{purpose}/right") * (2 * reach + 1)).astype(np.int64) - reach
    mirrored = (uniform(places, seed=seed, purpose=f"{purpose}/flip") < 0.5) & config.flip
    count = len(pictures)
    out = np.empty((count, *pictures.shape[2:], pictures.shape[1]), dtype=np.float32)
    affine = _affine(mean, deviation)

    def some(part: slice) -> None:
        _move(pictures[part], down[part], right[part], mirrored[part], *affine, out[part])

    workers = min(workers, max(1, out.size // _ENOUGH))
    if workers == 1:
        some(slice(0, count))
    else:
        with ThreadPoolExecutor(workers, thread_name_prefix="augment") as pool:
            list(pool.map(some, (slice(i * count // workers, (i + 1) * count // workers) for i in range(workers))))
    return torch.from_numpy(out).permute(0, 3, 1, 2)


def standardise(pictures: Pixels, *, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Tensor:
    """`(x / 255 - mean) / deviation`, float32 `[b, 3, s, s]`, of uint8 pictures as they are."""
    still = np.zeros(len(pictures), dtype=np.int64)
    out = np.empty((len(pictures), *pictures.shape[2:], pictures.shape[1]), dtype=np.float32)
    _move(pictures, still, still, still.astype(np.bool_), *_affine(mean, deviation), out)
    return torch.from_numpy(out).permute(0, 3, 1, 2)


def _affine(mean: tuple[float, ...], deviation: tuple[float, ...]) -> tuple[Float32s, Float32s]:
    scale = 1 / (255 * np.array(deviation, dtype=np.float64))
    return scale.astype(np.float32), (-np.array(mean) / np.array(deviation)).astype(np.float32)


@compiled
def _move(
    pictures: Pixels,
    down: Int64s,
    right: Int64s,
    mirrored: Bools,
    scale: Float32s,
    offset: Float32s,
    out: Float32s,
) -> None:
    """Picture b is read `down[b]`, `right[b]` pixels further, its border repeated, mirrored where `mirrored[b]`.

    pictures: `[n, 3, h, w]`; down, right, mirrored: `[n]`; scale, offset: `[3]`; out: `[n, h, w, 3]`, filled here with
    `x · scale + offset`.
    """
    count, channels, height, width = pictures.shape
    column = np.empty(width, dtype=np.int64)
    for b in range(count):
        for x in range(width):
            place = min(max(x + right[b], 0), width - 1)
            column[x] = width - 1 - place if mirrored[b] else place
        for c in range(channels):
            for y in range(height):
                line = pictures[b, c, min(max(y + down[b], 0), height - 1)]
                for x in range(width):
                    out[b, y, x, c] = line[column[x]] * scale[c] + offset[c]
