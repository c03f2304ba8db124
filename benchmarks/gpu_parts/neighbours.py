"""The neighbour graph and the spanning tree of many points, against the arithmetic that an exact graph needs."""

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.gpu_parts import peers
from benchmarks.gpu_parts.rows import Row, Setting, guarded
from tasks.geometry.neighbours.knn import knn
from tasks.geometry.neighbours.torch_search import nearest_points_torch
from tasks.geometry.tree.mst import minimum_spanning_tree

PART = "neighbours"
K, LOOKED_AT = 16, 64


def measure(setting: Setting) -> Iterator[Row]:
    """A small one first, then the one that has a goal."""
    sizes = ((600, 16),) if setting.tiny else ((100_000, 512), (1_000_000, 512), (1_000_000, 64), (100_000, 64))
    rate = _arithmetic(setting)
    yield Row(PART, "float32 products", rate / 1e12, "TFLOP/s")
    points = np.random.default_rng(0).standard_normal((50, sizes[0][1]), np.float32)
    minimum_spanning_tree(points, method="knn", neighbours=4, backend="torch", device=setting.device)  # compiles
    for n, d in sizes:
        setting.check_time()
        yield from guarded(PART, f"n={n} D={d}", _of_size(setting, n, d, rate))


def _of_size(setting: Setting, n: int, d: int, rate: float) -> Iterator[Row]:
    points = np.random.default_rng(n + d).standard_normal((n, d), np.float32)
    bound = 2 * n * n * d / rate
    yield Row(PART, f"bound 2 n² D of n={n} D={d}", bound, "s")
    began = time.perf_counter()
    peak = setting.peak(partial(knn, points, K, backend="torch", device=setting.device, workers=setting.workers))
    graph = time.perf_counter() - began
    words = f"exact graph, k={K}, n={n} D={d}"
    goal = "<= 2x the bound" if n == 1_000_000 and d == 512 else ""
    verdict = setting.judged(graph <= 2 * bound) if goal else ""
    yield Row(PART, words, graph, "s", goal, verdict)
    yield Row(PART, f"{words}: peak", None if peak is None else peak / 2**20, "MiB")
    if n <= 100_000:
        alone = setting.seconds(lambda: nearest_points_torch(points, K, device=setting.device), rounds=1)
        yield Row(PART, f"of which on the device, n={n} D={d}", alone, "s")
    setting.check_time()
    began = time.perf_counter()
    tree = minimum_spanning_tree(
        points, method="knn", neighbours=K, backend="torch", device=setting.device, workers=setting.workers
    )
    taken = time.perf_counter() - began
    verdict = setting.judged(bool(tree.certified.all()) and taken <= 2 * graph)
    yield Row(PART, f"certified tree, n={n} D={d}", taken, "s", "<= 2x the graph, certified", verdict)
    yield Row(PART, f"points asked again for it, n={n} D={d}", float(tree.requeries), "points")
    found = _recall(setting, points)
    looked = f"recall of {LOOKED_AT} points among {min(n, 20_000)}, D={d}"
    yield Row(PART, looked, found, "", "= 1", "met" if found == 1 else "missed")
    for name, peer in peers.graphs(setting):
        setting.check_time()
        seconds = partial(_seconds, setting, lambda some, peer=peer: peer(some, K + 1), points)
        yield peers.attempted(PART, f"{name}: {words}", seconds, "s")


def _seconds(setting: Setting, graph: Callable[[np.ndarray], object], points: np.ndarray) -> float:
    """Of one call, after one of few points, as ours is timed."""
    graph(points[: 10 * K])
    setting.wait()
    began = time.perf_counter()
    graph(points)
    setting.wait()
    return time.perf_counter() - began


def _recall(setting: Setting, points: np.ndarray) -> float:
    """The share of the true neighbours of the first points that the graph of at most 20,000 points names."""
    some = points[:20_000]
    found = knn(some, K, backend="torch", device=setting.device).positions[:LOOKED_AT]
    wide = some.astype(np.float64)
    right = [np.argsort(((wide - row) ** 2).sum(axis=1), kind="stable")[1 : K + 1] for row in wide[:LOOKED_AT]]
    return float(np.mean([len(np.intersect1d(*pair)) / K for pair in zip(found, right, strict=True)]))


def _arithmetic(setting: Setting) -> float:
    """Operations a second of a product of float32 matrices, without TF32."""
    side = 512 if setting.tiny else 8192
    matrix = torch.randn(side, side, device=setting.device)
    return 2 * side**3 / setting.seconds(lambda: matrix @ matrix)
