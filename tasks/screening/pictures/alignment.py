"""How alike two pictures are when one may be a shifted, zoomed or mirrored copy of the other."""

import numpy as np
import torch

from tasks.arrays import Bools, Float32s, Floats, Int64s, Integers, Pixels
from tasks.compiled import FASTMATH, compiled
from tasks.embedding.pictures.pixels import local_detail

SIDE = 32
"""Pixels a side of the thumbnails that are compared."""

WINDOW = 24
"""Pixels a side of the piece of one thumbnail that is laid over the other, in all its places."""

CROPS = (21, 24, 27)
"""Sides of the middle crops that are brought to the window's size: zoomed in, as it is, zoomed out."""

_BLUR = 1 / 8
_FLAT = 1e-6


def aligned_distances(pictures: Pixels, others: Pixels, pairs: Integers, mirrored: Bools) -> Float32s:
    """`√(2 − 2c)` of some pairs, float32 `[p]`, c their best correlation over crops and places; 0 for a copy.

    What is correlated is the local detail of each channel; a picture without detail has a distance of √2 or 2 from all.

    Args:
        pictures: thumbnails, uint8 `[a, 3, SIDE, SIDE]`.
        others: thumbnails, uint8 `[b, 3, SIDE, SIDE]`.
        pairs: positions in the two, int `[p, 2]`.
        mirrored: bool `[p]`, whether to turn the first one's left to right.
    """
    place = np.unique(pairs[:, 0], return_inverse=True)
    first = local_detail(pictures[place[0]], _BLUR)
    second = local_detail(others, _BLUR)
    best = np.full(len(pairs), -1, np.float32)
    for turned in (False, True):
        mine = np.flatnonzero(mirrored == turned)
        if not len(mine):
            continue
        view = np.ascontiguousarray(first[..., ::-1]) if turned else first
        templates, rows, columns = place[1][mine], mine, pairs[mine, 1]
        for crop in CROPS:
            _raise_correlations(_templates(view, crop), templates, second, columns, rows, best)
    return np.sqrt(np.maximum(2 - 2 * best, 0), dtype=np.float32)


def _templates(detail: Float32s, crop: int) -> Float32s:
    """Middle crops at the window's size, channels centred, of length 1 (0 where flat), `[m, 3, WINDOW, WINDOW]`."""
    edge = (SIDE - crop) // 2
    middle = np.ascontiguousarray(detail[:, :, edge : edge + crop, edge : edge + crop])
    if crop != WINDOW:
        resized = torch.nn.functional.interpolate(
            torch.from_numpy(middle), size=(WINDOW, WINDOW), mode="bilinear", antialias=True, align_corners=False
        )
        middle = resized.numpy()
    middle = middle - middle.mean(axis=(2, 3), keepdims=True)
    norm = np.sqrt((middle**2).sum(axis=(1, 2, 3), keepdims=True))
    return np.where(norm**2 > _FLAT, middle / np.maximum(norm, _FLAT), 0).astype(np.float32)


@compiled(fastmath=FASTMATH)
def _raise_correlations(
    templates: Float32s,
    which: Int64s,
    pictures: Float32s,
    columns: Int64s,
    rows: Int64s,
    best: Float32s,
) -> None:
    """Raise `best[rows[i]]` to the largest correlation of template `which[i]` with any place in `pictures[columns[i]]`.

    Sums over windows come from running sums over the picture, so only the inner product costs much.

    Args:
        templates: float32 `[a, 3, WINDOW, WINDOW]`, channels centred, of length 1.
        which: int64 `[q]`, each pair's template.
        pictures: float32 `[b, 3, SIDE, SIDE]`.
        columns: int64 `[q]`, each pair's picture.
        rows: int64 `[q]`, each pair's place in `best`.
        best: float32 `[p]`, correlations so far; raised.
    """
    channels, side, _ = pictures.shape[1:]
    window = templates.shape[2]
    places = side - window + 1
    squares = np.zeros((side + 1, side + 1))
    sums = np.zeros((channels, side + 1, side + 1))
    for i in range(len(which)):
        template, picture = templates[which[i]], pictures[columns[i]]
        for y in range(side):
            square = 0.0
            for x in range(side):
                for c in range(channels):
                    square += picture[c, y, x] * picture[c, y, x]
                squares[y + 1, x + 1] = squares[y, x + 1] + square
            for c in range(channels):
                total = 0.0
                for x in range(side):
                    total += picture[c, y, x]
                    sums[c, y + 1, x + 1] = sums[c, y, x + 1] + total
        for y in range(places):
            for x in range(places):
                energy = _of_window(squares, y, x, window)
                for c in range(channels):
                    energy -= _of_window(sums[c], y, x, window) ** 2 / window**2
                if energy <= _FLAT:
                    continue
                inner = np.float32(0)
                for c in range(channels):
                    for row in range(window):
                        left, right = template[c, row], picture[c, y + row, x : x + window]
                        for column in range(window):
                            inner += left[column] * right[column]
                best[rows[i]] = max(best[rows[i]], inner / np.float32(np.sqrt(energy)))


@compiled(inline="always")
def _of_window(running: Floats, y: int, x: int, window: int) -> float:
    """The sum over a window, from sums over all rectangles that begin in the corner."""
    return running[y + window, x + window] - running[y, x + window] - running[y + window, x] + running[y, x]
