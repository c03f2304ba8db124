"""Better neighbour lists from good ones: my neighbours' neighbours are probably mine (Dong, Moses and Li 2011)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.sorted_lists import enter
from tasks.geometry.neighbours.squared_distances import differences_float32

WIDTH = 64
"""Neighbours of a point that are followed: those in its own list and those in whose lists it is, the nearest."""

MOST_PASSES = 8
ENOUGH = 0.01
"""Passes end where fewer entries per point change."""

_BLOCK = 4_096


def descend(
    points: np.ndarray,
    positions: np.ndarray,
    *,
    workers: int = 1,
    advance: Callable[[int], object] = lambda rows: None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Lists at least as near as those given.

    points: float32 `[n, d]`. positions: int32 `[n, k]`, −1 for none. Returns positions int32 `[n, k]`, squared
    distances float32 `[n, k]` and the number of passes.

    A pass measures, for every point, the neighbours of its neighbours, both ways, by coordinates' differences:
    `O(n · WIDTH²)` distances at most, whatever n. The result does not depend on the number of workers.
    """
    n = len(points)
    squared = np.full(positions.shape, np.inf, np.float32)
    starts = range(0, n, _BLOCK)
    near = np.full_like(positions, -1)
    with ThreadPoolExecutor(workers, thread_name_prefix="descend") as pool:
        list(pool.map(partial(_measure, points, positions, near, squared), starts))
        passes, changes = 0, n
        while passes < MOST_PASSES and changes > ENOUGH * n:
            around = _both_ways(near, squared, WIDTH)
            better, nearer = near.copy(), squared.copy()

            changes = sum(pool.map(partial(_follow, points, around, better, nearer), starts))
            near, squared, passes = better, nearer, passes + 1
    return near, squared, passes


@compiled
def _enter_once(positions: np.ndarray, squared: np.ndarray, point: np.int32, distance: np.float32) -> None:
    if distance > squared[-1]:
        return
    for listed in positions:
        if listed == point:
            return
    enter(positions, squared, point, distance)


@compiled
def _measure(points: np.ndarray, positions: np.ndarray, near: np.ndarray, squared: np.ndarray, first: int) -> None:
    for i in range(first, min(first + _BLOCK, len(points))):
        for place in range(positions.shape[1]):
            j = positions[i, place]
            if j >= 0:
                _enter_once(near[i], squared[i], j, differences_float32(points[i], points[j]))


@compiled
def _both_ways(near: np.ndarray, squared: np.ndarray, width: int) -> np.ndarray:
    """The `width` nearest of those that a point lists and those that list it, int32 `[n, width]`, −1 at the end."""
    n, k = near.shape
    around = np.full((n, width), -1, np.int32)
    lengths = np.full((n, width), np.inf, np.float32)
    for i in range(n):
        for place in range(k):
            j = near[i, place]
            if j >= 0:
                _enter_once(around[i], lengths[i], j, squared[i, place])
                _enter_once(around[j], lengths[j], np.int32(i), squared[i, place])
    return around


@compiled(fastmath=FASTMATH)
def _follow(points: np.ndarray, around: np.ndarray, better: np.ndarray, nearer: np.ndarray, first: int) -> int:
    """Enter neighbours' neighbours into the lists of a block of points; returns how many entries changed."""
    n, k = better.shape
    seen = np.full(n, -1, np.int32)
    changes = 0
    for i in range(first, min(first + _BLOCK, n)):
        seen[i] = i
        for listed in better[i]:
            if listed >= 0:
                seen[listed] = i
        for middle in around[i]:
            if middle < 0:
                break
            for j in around[middle]:
                if j < 0:
                    break
                if seen[j] != i:
                    seen[j] = i
                    squared = differences_float32(points[i], points[j])
                    if squared < nearer[i, k - 1]:
                        enter(better[i], nearer[i], j, squared)
                        changes += 1
    return changes
