"""The nearest neighbours of every point, by whichever search suits the number of points and the machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arguments import one_of, whole
from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.distinct_points import DistinctPoints, checked_points, distinct_points
from tasks.geometry.neighbours.tile_search import TileSearch

Backend = Literal["auto", "tiles", "faiss", "torch"]
Index = Literal["auto", "flat", "hnsw", "ivf", "ivfpq"]
Advance = Callable[[int], object]

EXACT_WORK = 1e14
"""`n² max(d, 64)` up to which `auto` searches exactly on a processor: 45 minutes of one core's time. A million points
of 64 dimensions take 29; faiss's approximate indexes pay only beyond that."""

FLAT_LIMIT = 10_000_000
"""Points up to which `auto` then takes faiss's inverted file of whole points; beyond it, of compressed ones."""


SMALLEST_SCALE = 2.0**-100
"""Order of coordinates, or one over it, beyond which neighbour lists in float32 would lose digits or overflow."""


@dataclass(frozen=True)
class Neighbours:
    """The nearest points of each of n, ascending by (distance, position).

    Attributes:
        positions: int64 `[n, k]`, −1 where there are fewer.
        distances: float32 `[n, k]`, infinite where there are fewer.
        horizon: float32 `[n]`; no unlisted point is nearer, if `exact`; else only an estimate.
        exact: whether the lists are proved to be the nearest.
        method: the search that was used, in words.
    """

    positions: np.ndarray
    distances: np.ndarray
    horizon: np.ndarray
    exact: bool
    method: str


def knn(
    points: npt.ArrayLike,
    k: int,
    *,
    backend: Backend = "auto",
    index: Index = "auto",
    device: str = "cpu",
    workers: int = 1,
    advance: Advance = lambda rows: None,
) -> Neighbours:
    """The `k` nearest other points of each of `points [n, d]` by Euclidean distance; ties go to the lower position.

    Distances are measured from coordinates' differences in float64 whatever the backend; approximate lists are improved
    by descent (see `nn_descent`). Exact repetitions of a point do not slow a search.

    Args:
        points: finite numbers of any kind `[n, d]`, as an array or lists.
        k: points wanted of each.
        backend: `tiles` (exact, processor), `torch` (exact, any device), `faiss` (GPU where faiss-gpu sees one); `auto`
            is exact as far as `EXACT_WORK` goes (and always on an accelerator), then faiss with IVF, then IVF-PQ.
        index: for faiss; `flat` is exact, `hnsw`, `ivf` and `ivfpq` are approximate.
        device: torch device, for `torch` and `faiss`.
        workers: threads.
        advance: called with the points done.

    Returns:
        The lists; −1 and infinity where there are fewer than k other points.

    Raises:
        InputError: `k < 1`, a backend or an index that is not known, points that are not a finite matrix, or distances
            beyond the range of float32.

    Example:
        >>> import numpy as np
        >>> from equipoise import knn
        >>> found = knn(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]), k=1)
        >>> found.positions.tolist(), found.distances.tolist()
        ([[2], [2], [0]], [[1.0], [4.242640495300293], [1.0]])
    """
    k, workers = whole(k, "k", least=1), whole(workers, "workers", least=1)  # faiss takes no whole numbers of numpy
    check_choice(backend, index)
    matrix, scale = checked_points(points)
    distinct = distinct_points(matrix)
    found = search(TileSearch(distinct.points, workers=workers, advance=advance), k, backend, index, device, workers)
    return unfolded(found, distinct, scale)


def search(tiles: TileSearch, k: int, backend: Backend, index: Index, device: str, workers: int) -> Neighbours:
    """`knn` of checked, distinct points, positions int32."""
    points = tiles.points
    backend, index = _choose(backend, index, points.shape, device)
    everyone = np.arange(len(points), dtype=np.int32)
    if backend == "tiles" or len(points) <= k + 1:
        positions, _ = tiles.nearest_points(everyone, k)
        positions, distances = remeasured(points, everyone, positions)
        return Neighbours(positions, distances, distances[:, -1].copy(), True, "exact, Gram tiles on the processor")
    if backend == "torch":
        from tasks.geometry.neighbours.torch_search import nearest_points_torch

        positions, squared = nearest_points_torch(points, k, device=device)
        method, exact = f"exact, torch tiles on {device}", True
    else:
        from tasks.geometry.neighbours.faiss_search import nearest_points_faiss

        positions, squared, method = nearest_points_faiss(points, k, index, device=device, workers=workers)
        exact = index == "flat"
        if not exact:
            from tasks.geometry.neighbours.nn_descent import descend

            positions, squared_lists, passes = descend(points, positions, workers=workers)
            squared, method = squared_lists[:, -1], f"{method}, {passes} passes of descent"
    positions, distances = remeasured(points, everyone, positions)
    positions, distances = positions[:, :k].copy(), distances[:, :k].copy()
    horizon = np.sqrt(np.maximum(squared, 0))
    unproven = everyone[distances[:, -1] > horizon]
    if exact and len(unproven):  # so near that the backend's rounding hides the order
        again, _ = tiles.nearest_points(unproven, k)
        positions[unproven], distances[unproven] = remeasured(points, unproven, again)
    return Neighbours(positions, distances, distances[:, -1].copy(), exact, method)


def check_choice(backend: str, index: str) -> None:
    """Raise `InputError` for a backend or an index that there is not, or that do not belong together."""
    one_of(backend, get_args(Backend), "backend")
    one_of(index, get_args(Index), "index")
    if index != "auto" and backend not in ("auto", "faiss"):
        raise InputError(f"index {index!r} belongs to the backend faiss, not {backend!r}")


def _choose(backend: Backend, index: Index, shape: tuple[int, ...], device: str) -> tuple[Backend, Index]:
    if index != "auto":
        return "faiss", index
    exact = float(shape[0]) ** 2 * max(shape[1], 64) <= EXACT_WORK
    if backend == "auto" and device != "cpu":
        return "torch", "auto"
    if backend == "auto" and exact:
        return "tiles", "auto"
    if backend in ("auto", "faiss"):
        return "faiss", "flat" if exact else "ivf" if shape[0] <= FLAT_LIMIT else "ivfpq"
    return backend, index


def remeasured(points: np.ndarray, queries: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lists `[q, k]` measured in float64 and sorted by (float32 distance, position); −1 and infinity at the end."""
    distances = _measure(points, np.asarray(queries, np.int32), positions)
    key = np.where(positions < 0, np.iinfo(np.int32).max, positions)
    order = np.lexsort((key, distances), axis=1)
    return np.take_along_axis(positions, order, axis=1), np.take_along_axis(distances, order, axis=1)


@compiled(fastmath=FASTMATH)
def _measure(points: np.ndarray, queries: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Distances float32 `[q, k]`, from differences in float64."""
    distances = np.full(positions.shape, np.inf, dtype=np.float32)
    for row in range(len(queries)):
        for place in range(positions.shape[1]):
            if positions[row, place] >= 0:
                x, y = points[queries[row]], points[positions[row, place]]
                total = 0.0
                for axis in range(len(x)):
                    difference = np.float64(x[axis]) - np.float64(y[axis])
                    total += difference * difference
                distances[row, place] = np.float32(np.sqrt(total))
    return distances


def unfolded(found: Neighbours, distinct: DistinctPoints, scale: float) -> Neighbours:
    """Lists of distinct points, in units of `scale`, as lists of all points: everybody's repetitions are neighbours.

    Raises `InputError` where distances of the order of `scale` do not fit in float32.
    """
    if not SMALLEST_SCALE <= scale <= 1 / SMALLEST_SCALE:
        raise InputError(
            f"distances of the order of {scale:.0e} do not fit in float32; divide the points by {scale:.0e}"
        )
    n, k = len(distinct.group), found.positions.shape[1]
    positions, distances, horizon = found.positions.astype(np.int64), found.distances, found.horizon
    if len(distinct.first) < n:
        members = np.argsort(distinct.group, kind="stable")
        starts = np.searchsorted(distinct.group[members], np.arange(len(distinct.first) + 1))
        positions, distances = np.full((n, k), -1, np.int64), np.full((n, k), np.inf, np.float32)
        _unfold(distinct.group, members, starts, found.positions, found.distances, positions, distances)
        horizon = np.minimum(horizon[distinct.group], distances[:, -1])
    unit = np.float32(scale)
    return Neighbours(positions, distances * unit, horizon * unit, found.exact, found.method)


@compiled
def _unfold(
    group: np.ndarray,
    members: np.ndarray,
    starts: np.ndarray,
    near: np.ndarray,
    near_distances: np.ndarray,
    positions: np.ndarray,
    distances: np.ndarray,
) -> None:
    """Fill the lists of all n points from those of the u distinct ones; ties within a distance by position.

    Args:
        group: int64 `[n]`, each point's row among the distinct ones.
        members: int64 `[n]`, positions sorted by group.
        starts: int64 `[u + 1]`, the groups' bounds in `members`.
        near: int `[u, k]`, lists of distinct points, −1 at the end.
        near_distances: float32 `[u, k]`.
        positions: int64 `[n, k]`, filled here.
        distances: float32 `[n, k]`, filled here.
    """
    k = positions.shape[1]
    for i in range(len(group)):
        count = level = 0  # entries so far, and the first of those at the present distance
        for place in range(-1, near.shape[1]):
            row = group[i] if place < 0 else near[group[i], place]
            if row < 0:
                break
            distance = np.float32(0) if place < 0 else near_distances[group[i], place]
            if place >= 0 and count > 0 and distance > distances[i, count - 1]:
                level = count
            if level == k:
                break
            for member in members[starts[row] : starts[row + 1]]:
                if member == i or (count == k and positions[i, k - 1] < member):
                    continue
                slot = min(count, k - 1)
                while slot > level and positions[i, slot - 1] > member:
                    positions[i, slot] = positions[i, slot - 1]
                    distances[i, slot] = distances[i, slot - 1]
                    slot -= 1
                positions[i, slot] = member
                distances[i, slot] = distance
                count = min(count + 1, k)
