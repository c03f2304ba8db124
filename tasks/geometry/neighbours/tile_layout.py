"""Points laid out in tiles of near points, each with a centre and a radius of its own.

Inner products about a near centre are small, so that little is lost to rounding; and a tile whose ball is too far
away need not be looked at.
"""

from dataclasses import dataclass

import numpy as np

from tasks.compiled import FASTMATH, compiled

WIDEST, NARROWEST = 2_048, 256
"""Points in a tile: larger groups are cut, smaller ones are put together."""

SAMPLE, MOST_PIVOTS = 4_096, 128
_UNIT = 2.0**-24


@dataclass(frozen=True)
class TileLayout:
    """n points in t tiles.

    Attributes:
        names: int32 `[n]`, the points in the order of the layout.
        starts: int64 `[t + 1]`, the tiles' bounds in it.
        label: int32 `[t]`, the component that all of a tile's points belong to, −1 where they differ.
        centres: float32 `[t, d]`.
        centred: float32 `[n, d]`, rows less their tile's centre.
        share: float32 `[n]`, their squared norms less what rounding may have added.
        radius: float32 `[t]`, at least their norms.
    """

    names: np.ndarray
    starts: np.ndarray
    label: np.ndarray
    centres: np.ndarray
    centred: np.ndarray
    share: np.ndarray
    radius: np.ndarray


def group_by_pivots(points: np.ndarray) -> np.ndarray:
    """A number for each of `points [n, d]` such that near points tend to share it, int32 `[n]`.

    The nearest of some pivots, taken farthest-first (Gonzalez 1985) from an evenly spaced sample, so that every
    separate cluster of the sample has one.
    """
    n = len(points)
    pivots = min(MOST_PIVOTS, n // (2 * NARROWEST))
    if pivots < 2:
        return np.zeros(n, np.int32)
    sample = points[np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64)]
    chosen = np.empty((pivots, points.shape[1]), np.float32)
    gap = np.full(len(sample), np.inf, np.float32)
    furthest = 0
    for count in range(pivots):
        chosen[count] = sample[furthest]
        difference = sample - chosen[count]
        np.minimum(gap, np.einsum("ij,ij->i", difference, difference), out=gap)
        furthest = int(np.argmax(gap))
    offset = chosen.mean(axis=0)
    norms = np.einsum("ij,ij->i", chosen - offset, chosen - offset)
    nearest = np.empty(n, np.int32)
    for first in range(0, n, 8_192):
        block = points[first : first + 8_192] - offset
        nearest[first : first + 8_192] = np.argmin(norms - 2 * (block @ (chosen - offset).T), axis=1)
    return nearest


def lay_out(points: np.ndarray, groups: np.ndarray, labels: np.ndarray | None = None) -> TileLayout:
    """Tiles of points of one component (if `labels`, int32 `[n]`, are given) and one group, as far as sizes allow."""
    n, d = points.shape
    components = np.zeros(n, np.int32) if labels is None else labels
    names = np.lexsort((groups, components)).astype(np.int32)
    starts = _bounds(components[names], groups[names])
    tiles = len(starts) - 1
    label, radius = np.full(tiles, -1, np.int32), np.empty(tiles, np.float32)
    centres, centred, share = np.empty((tiles, d), np.float32), points[names], np.empty(n, np.float32)
    for tile in range(tiles):
        rows = slice(starts[tile], starts[tile + 1])
        own = components[names[rows]]
        if labels is not None and own[0] == own[-1]:  # sorted
            label[tile] = own[0]
        centres[tile] = centred[rows].mean(axis=0)
        centred[rows] -= centres[tile]
        norms = squared_norms(centred[rows])
        share[rows] = norms * np.float32(1 - 16 * _UNIT)
        radius[tile] = np.sqrt(norms.max()) * np.float32(1 + 4 * _UNIT)
    return TileLayout(names, starts, label, centres, centred, share, radius)


def _bounds(components: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Cut where the component or the group changes, unless the piece would be narrow; and when it is wide."""
    change = np.flatnonzero((np.diff(components) != 0) | (np.diff(groups) != 0)) + 1
    bounds = [0]
    for cut in [*change.tolist(), len(components)]:
        while cut - bounds[-1] > WIDEST:
            bounds.append(bounds[-1] + WIDEST)
        if cut - bounds[-1] >= NARROWEST:
            bounds.append(cut)
    if bounds[-1] != len(components):
        bounds.append(len(components))
    return np.array(bounds)


@compiled(fastmath=FASTMATH)
def squared_norms(rows: np.ndarray) -> np.ndarray:
    """`‖x‖²` of rows `[n, d]`, summed in float64, float32 `[n]`."""
    norms = np.empty(len(rows), dtype=np.float32)
    for i in range(len(rows)):
        total = 0.0
        for k in range(rows.shape[1]):
            total += np.float64(rows[i, k]) * np.float64(rows[i, k])
        norms[i] = np.float32(total)
    return norms
