"""Exact nearest neighbours on a processor: Gram tiles as a filter, coordinates' differences as the measure.

A tile of inner products, from the fastest matrix product there is, bounds distances from below (see `distances`);
only pairs that may enter a list are measured. The lists are therefore those of difference-based brute force, bit for
bit, for any tile size and number of threads, at little more than the price of the matrix products.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numba import njit

from tasks.geometry.distances import FASTMATH, difference_error_factor, differences_float32, gram_error_factor

ROWS, COLUMNS = 512, 2_048
"""A tile: 4 MB of float32."""

_BLOCK = 64
_FAR = np.float32(3e38)


class TileSearch:
    """Exact neighbours among `points`, float32 `[n, d]`, finite; squared distances are float32 differences.

    Every answer is a pair (positions int32, squared distances float32), both `[q, k]`, ascending by (distance,
    position); −1 and infinity where there are fewer than k. No point left out is nearer, up to
    `difference_error_factor(d)`.
    """

    def __init__(
        self, points: np.ndarray, *, workers: int = 1, advance: Callable[[int], object] = lambda rows: None
    ) -> None:
        n, d = points.shape
        self._points, self._workers, self._advance = points, workers, advance
        self._centred = torch.from_numpy(points - (np.ones(n, np.float32) @ points) / np.float32(max(n, 1)))
        self._share = np.einsum("ij,ij->i", self._centred.numpy(), self._centred.numpy()) * (1 - gram_error_factor(d))
        self._slack = np.float32(1 + 2 * difference_error_factor(d))

    def nearest_points(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest other points of each query (positions int32 `[q]`)."""
        return self._search(queries, np.arange(len(self._points), dtype=np.int32), k, by_label=False)

    def nearest_outside(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest points whose label (int32 `[n]`) is not the query's."""
        return self._search(queries, labels, k, by_label=False)

    def nearest_components(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest point of each of the `k` nearest components (labels int32 `[n]`) other than the query's.

        One entry a component is enough for ever: components only grow together, and a point that is second to another
        of its component stays second.
        """
        order = np.argsort(labels, kind="stable").astype(np.int32)  # columns of one component side by side
        place = np.empty_like(order)
        place[order] = np.arange(len(order), dtype=np.int32)
        sorted_search = TileSearch(self._points[order], workers=self._workers, advance=self._advance)
        positions, squared = sorted_search._search(place[queries], labels[order], k, by_label=True)
        return np.where(positions >= 0, order[positions], np.int32(-1)), squared

    def _search(
        self, queries: np.ndarray, labels: np.ndarray, k: int, *, by_label: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        positions = np.full((len(queries), k), -1, np.int32)
        squared = np.full((len(queries), k), np.inf, np.float32)

        def search(first: int) -> None:
            asked = queries[first : first + ROWS]
            rows = self._centred[torch.from_numpy(asked)]
            buffer = torch.empty((len(asked), COLUMNS))
            for start in range(0, len(self._points), COLUMNS):
                columns = self._centred[start : start + COLUMNS]
                inner = torch.mm(rows, columns.T, out=buffer if len(columns) == COLUMNS else None)
                _update(
                    self._points, asked, labels, self._share, self._slack, start, inner.numpy(), by_label,
                    positions[first : first + ROWS], squared[first : first + ROWS],
                )  # fmt: skip
            self._advance(len(asked))

        with ThreadPoolExecutor(self._workers, thread_name_prefix="search", initializer=one_torch_thread) as pool:
            list(pool.map(search, range(0, len(queries), ROWS)))
        return positions, squared


def one_torch_thread() -> None:
    """Let torch use one thread in the calling thread: the workers are the parallelism."""
    torch.get_num_threads()  # settles this thread's default before it is changed
    torch.set_num_threads(1)


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _update(
    points: np.ndarray,
    asked: np.ndarray,
    labels: np.ndarray,
    share: np.ndarray,
    slack: np.float32,
    start: int,
    inner: np.ndarray,
    by_label: bool,
    positions: np.ndarray,
    squared: np.ndarray,
) -> None:
    """Enter the points `start, start + 1, …` of a tile of inner products into the sorted lists of its rows."""
    width = inner.shape[1]
    k = positions.shape[1]
    for row in range(len(asked)):
        query = asked[row]
        own = labels[query]
        dots = inner[row]
        for first in range(0, width, _BLOCK):
            last = min(width, first + _BLOCK)
            worst = squared[row, k - 1]
            label = labels[start + first]
            if by_label and label == labels[start + last - 1]:  # a block of one component
                if label == own:
                    continue
                worst = min(worst, _listed(positions[row], squared[row], labels, label))
            bar = min(worst * slack - share[query], _FAR)
            hits = np.int32(0)
            for j in range(first, last):
                hits += share[start + j] - np.float32(2) * dots[j] <= bar
            if hits == 0:
                continue
            for j in range(first, last):
                point = start + j
                if share[point] - np.float32(2) * dots[j] > bar or labels[point] == own:
                    continue
                distance = differences_float32(points[query], points[point])
                if by_label and not _displace(positions[row], squared[row], labels, np.int32(point), distance):
                    continue
                _enter(positions[row], squared[row], np.int32(point), distance)
                bar = min(bar, squared[row, k - 1] * slack - share[query])


@njit(cache=True, nogil=True)
def _listed(positions: np.ndarray, squared: np.ndarray, labels: np.ndarray, label: int) -> np.float32:
    """The distance of a component's entry in a list, infinite where it has none."""
    for place in range(len(positions)):
        if positions[place] >= 0 and labels[positions[place]] == label:
            return squared[place]
    return np.float32(np.inf)


@njit(cache=True, nogil=True)
def _displace(
    positions: np.ndarray, squared: np.ndarray, labels: np.ndarray, point: np.int32, distance: np.float32
) -> bool:
    """True if `point` is its component's nearest so far; an entry that it surpasses is taken out of the list."""
    last = len(positions) - 1
    for place in range(last + 1):
        listed = positions[place]
        if listed >= 0 and labels[listed] == labels[point]:
            if squared[place] < distance or (squared[place] == distance and listed < point):
                return False
            for later in range(place, last):
                positions[later] = positions[later + 1]
                squared[later] = squared[later + 1]
            positions[last] = -1
            squared[last] = np.inf
            return True
    return True


@njit(cache=True, nogil=True)
def _enter(positions: np.ndarray, squared: np.ndarray, point: np.int32, distance: np.float32) -> None:
    """Insert into a list sorted by (distance, position), the last falling out, unless it is too far."""
    place = len(positions) - 1
    if squared[place] < distance or (squared[place] == distance and 0 <= positions[place] < point):
        return
    while place > 0 and (
        squared[place - 1] > distance
        or positions[place - 1] < 0
        or (squared[place - 1] == distance and positions[place - 1] > point)
    ):
        positions[place] = positions[place - 1]
        squared[place] = squared[place - 1]
        place -= 1
    positions[place] = point
    squared[place] = distance
