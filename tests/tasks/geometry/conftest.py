"""Sets of points with traps, and an independent minimum spanning tree."""

from collections.abc import Callable

import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree as csgraph_tree
from scipy.spatial.distance import pdist, squareform

Points = Callable[[int, int, int], np.ndarray]


def true_length(points: np.ndarray) -> float:
    """By scipy, in float64, on distinct points (scipy reads a 0 as no edge), on coordinates of order 1."""
    scale = float(np.abs(points).max()) or 1.0
    distinct = np.unique(points.astype(np.float64) / scale, axis=0)
    return float(csgraph_tree(squareform(pdist(distinct))).sum()) * scale


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def unit(points: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def clusters(n: int, d: int, seed: int = 0, spread: float = 1e-3, count: int = 16) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count, d))
    return (centres[rng.integers(0, count, n)] + spread * rng.standard_normal((n, d))).astype(np.float32)


def grid(n: int, d: int, seed: int = 0) -> np.ndarray:
    side = int(np.ceil(n ** (1 / 3)))
    corners = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[:n]
    return np.hstack([corners, np.zeros((len(corners), max(0, d - 3)))]).astype(np.float32)


TRAPS: dict[str, Points] = {
    "gaussian": gaussian,
    "half duplicated": lambda n, d, seed: np.concatenate([gaussian(n // 2, d, seed)] * 2),
    "collapsed to 1e-3": lambda n, d, seed: (1 + 1e-3 * gaussian(n, d, seed)).astype(np.float32),
    "offset by 100": lambda n, d, seed: gaussian(n, d, seed) + np.float32(100),
    "sixteen tight clusters": clusters,
    "clusters of 1e-5": lambda n, d, seed: clusters(n, d, seed, 1e-5),
    "collinear": lambda n, d, seed: np.outer(gaussian(n, 1, seed)[:, 0], np.ones(d)).astype(np.float32),
    "ties of a grid": grid,
    "huge": lambda n, d, seed: gaussian(n, d, seed) * np.float32(1e25),
    "tiny": lambda n, d, seed: gaussian(n, d, seed) * np.float32(1e-25),
    "one outlier": lambda n, d, seed: np.vstack([gaussian(n - 1, d, seed), np.full((1, d), 1e4, np.float32)]),
    "all equal": lambda n, d, seed: np.ones((n, d), np.float32),
}
