"""How fast are the spanning trees, against which peers, and how do time and memory grow?

    python -m benchmarks.mst                      # batches and ten thousand points; some minutes
    python -m benchmarks.mst --sizes --points 30000           # more points than a processor's cache holds
    python -m benchmarks.mst --growth 10000 100000            # one process a row: seconds and peak memory
    python -m benchmarks.mst --growth 1000000 --dimension 64 --only "ours exact" "ours ivf" --workers 2

Claims: on a batch the exact tree takes at most 1.1 times hdbscan's `mst_linkage_core` on the same Gram matrix, and a
fifteenth of scipy's `csgraph`; from 10,000 points of d >= 512 on the neighbour tree takes half of the fused Prim's time
where the points exceed the processor's cache (where they fit, Prim streams from it and is about as fast); on separated
clusters at most 1.2 points in one are asked again. Rounds are interleaved, times are CPU seconds of one thread, and
medians of the rounds' ratios are printed. Lengths are compared before anything is timed.
Growth needs hdbscan, fast_hdbscan and pynndescent for the peers; those that are not installed are left out.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

WIDTH = 15


def gaussian(n: int, d: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, d)).astype(np.float32)


def power_law(n: int, d: int) -> np.ndarray:
    return (gaussian(n, d) * np.arange(1, d + 1) ** -0.5).astype(np.float32)


def clusters(n: int, d: int, spread: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((16, d))
    return (centres[rng.integers(0, 16, n)] + spread * rng.standard_normal((n, d))).astype(np.float32)


DATA: dict[str, Callable[[int, int], np.ndarray]] = {
    "gaussian": gaussian,
    "power law": power_law,
    "clusters": clusters,
    "tight": lambda n, d: clusters(n, d, 1e-3),
}


def hdbscan_core(points: np.ndarray) -> float:
    """Centred Gram matrix, distances, and hdbscan's dense Prim."""
    from hdbscan._hdbscan_linkage import mst_linkage_core

    return float(mst_linkage_core(_distances(points).astype(np.float64))[:, 2].sum())


def scipy_tree(points: np.ndarray) -> float:
    from scipy.sparse.csgraph import minimum_spanning_tree

    return float(minimum_spanning_tree(_distances(points)).sum())


def _distances(points: np.ndarray) -> np.ndarray:
    import torch

    centred = torch.from_numpy(points - points.mean(axis=0))
    norms = (centred * centred).sum(dim=1)
    squared = torch.addmm(norms[None] + norms[:, None], centred, centred.T, alpha=-2)
    return squared.clamp_(min=0).sqrt_().numpy()


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every call in every round, one after the other within a round; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            started = time.process_time()
            call()
            if turn:
                seconds[name].append(time.process_time() - started)
    return seconds


def ratio(seconds: dict[str, list[float]], ours: str, peer: str) -> float:
    return statistics.median(a / b for a, b in zip(seconds[ours], seconds[peer], strict=True))


def batches(sizes: list[int], dimension: int, rounds: int) -> None:
    from tasks.geometry.tree.prim import prim

    print(f"\nA batch, d = {dimension}: milliseconds with distances\n")
    print(
        "".join(f"{name:>{WIDTH}}" for name in ("points", "exact", "hdbscan", "scipy", "exact/hdbscan", "scipy/exact"))
    )
    for n in sizes:
        points = gaussian(n, dimension)
        truth = hdbscan_core(points)
        assert abs(prim(points)[1].sum() / truth - 1) < 1e-5 and abs(scipy_tree(points) / truth - 1) < 1e-5
        calls = {
            "exact": lambda points=points: prim(points),
            "hdbscan": lambda points=points: hdbscan_core(points),
            "scipy": lambda points=points: scipy_tree(points),
        }
        found = interleaved(calls, rounds)
        middle = [1e3 * statistics.median(found[name]) for name in calls]
        print(
            f"{n:>{WIDTH}}" + "".join(f"{value:>{WIDTH}.1f}" for value in middle)
            + f"{ratio(found, 'exact', 'hdbscan'):>{WIDTH}.2f}{ratio(found, 'scipy', 'exact'):>{WIDTH}.1f}",
            flush=True,
        )  # fmt: skip


def neighbour_trees(n: int, dimensions: list[int], rounds: int) -> None:
    from tasks.geometry.tree.mst import minimum_spanning_tree
    from tasks.geometry.tree.prim import prim

    print(f"\n{n} points: seconds\n")
    names = ("d", "data", "knn tree", "fused Prim", "Prim/knn", "asked again", "length - 1", "certified")
    print("".join(f"{name:>{WIDTH}}" for name in names))
    for d in dimensions:
        for name, make in DATA.items():
            points = make(n, d)
            tree = minimum_spanning_tree(points, method="knn")
            off = tree.length / float(prim(points, gram_limit=0)[1].sum()) - 1
            assert abs(off) < 1e-6
            calls = {
                "knn": lambda points=points: minimum_spanning_tree(points, method="knn"),
                "prim": lambda points=points: prim(points, gram_limit=0),
            }
            found = interleaved(calls, rounds)
            print(
                f"{d:>{WIDTH}}{name:>{WIDTH}}"
                f"{statistics.median(found['knn']):>{WIDTH}.2f}{statistics.median(found['prim']):>{WIDTH}.2f}"
                f"{ratio(found, 'prim', 'knn'):>{WIDTH}.2f}{tree.requeries / n:>{WIDTH - 2}.2f} n"
                f"{off:>{WIDTH}.0e}{tree.certified_fraction:>{WIDTH}.3f}",
                flush=True,
            )


def ours(points: np.ndarray, workers: int, **options: str) -> str:
    from tasks.geometry.tree.mst import minimum_spanning_tree

    tree = minimum_spanning_tree(points, workers=workers, **options)  # type: ignore[arg-type]
    excess = "exact" if tree.excess is None else (
        f"at most {tree.excess.bound / tree.length:.1e} too long (± {tree.excess.standard_error / tree.length:.0e}; "
        f"{tree.excess.assessed} of {tree.excess.assessed + tree.excess.unassessed} sampled cuts searched)"
    )  # fmt: skip
    return f"{tree.length:.9g}  {excess}, certified {tree.certified_fraction:.3f}, asked again {tree.requeries}"


def hdbscan_kdtree(points: np.ndarray, workers: int) -> str:
    import hdbscan

    tree = hdbscan.HDBSCAN(
        min_samples=1,
        algorithm="boruvka_kdtree",
        gen_min_span_tree=True,
        core_dist_n_jobs=workers,
        approx_min_span_tree=False,
    ).fit(points.astype(np.float64))
    return f"{float(tree.minimum_spanning_tree_.to_numpy()[:, 2].sum()):.9g}"


def fast_hdbscan(points: np.ndarray, workers: int) -> str:
    import numba

    numba.set_num_threads(workers)
    from fast_hdbscan.hdbscan import compute_minimum_spanning_tree

    return f"{float(compute_minimum_spanning_tree(points, min_samples=1)[0][:, 2].sum()):.9g}"


def pynndescent(points: np.ndarray, workers: int) -> str:
    """Neighbours by descent, and scipy's tree of their graph: a forest when the graph is not connected."""
    from pynndescent import NNDescent
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import minimum_spanning_tree

    near, distance = NNDescent(points, n_neighbors=17, random_state=0, n_jobs=workers).neighbor_graph
    rows = np.repeat(np.arange(len(points)), near.shape[1])
    graph = coo_matrix((distance.ravel(), (rows, near.ravel())), shape=(len(points),) * 2).tocsr()
    tree = minimum_spanning_tree(graph.maximum(graph.T))
    return f"{float(tree.sum()):.9g}  {len(points) - tree.nnz} tree(s)"


GROWTH: dict[str, Callable[[np.ndarray, int], str]] = {
    "ours exact": lambda points, workers: ours(points, workers, method="knn", backend="tiles"),
    "ours prim": lambda points, workers: ours(points, workers, method="exact"),
    "ours hnsw": lambda points, workers: ours(points, workers, method="knn", index="hnsw"),
    "ours ivf": lambda points, workers: ours(points, workers, method="knn", index="ivf"),
    "hdbscan": hdbscan_kdtree,
    "fast_hdbscan": fast_hdbscan,
    "pynndescent": pynndescent,
}


def grow(sizes: list[int], dimension: int, data: list[str], only: list[str], workers: int, limit: int) -> None:
    print(f"\nGrowth, d = {dimension}, {workers} worker(s); a process a row, stopped after {limit} s\n")
    print(f"{'points':>9}  {'data':10}  {'method':14}  {'seconds':>8}  {'CPU s':>8}  {'peak MB':>8}  length")
    for n in sizes:
        for kind in data:
            for name in only or GROWTH:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.mst",
                    "--one",
                    name,
                    kind,
                    str(n),
                    str(dimension),
                    str(workers),
                ]
                try:
                    done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
                    lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines()[-1:]
                    row = lines[-1] if lines else f"ended by signal {-done.returncode}"
                except subprocess.TimeoutExpired:
                    row = f"  not finished in {limit} s"
                print(f"{n:>9}  {kind:10}  {name:14}  {row}", flush=True)


def one(name: str, kind: str, n: int, dimension: int, workers: int) -> None:
    """One row of growth in a process of its own, after a small run that compiles and warms up."""
    points = DATA[kind](n, dimension)
    GROWTH[name](DATA[kind](2_000, dimension), workers)
    wall, cpu = time.perf_counter(), time.process_time()
    result = GROWTH[name](points, workers)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{wall:>8.1f}  {cpu:>8.1f}  {_peak_megabytes():>8.0f}  {result}")


def _peak_megabytes() -> float:
    """The most memory that this process ever held (VmHWM; Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 1_024, 2_048, 4_096])
    parser.add_argument("--points", type=int, default=10_000, help="of the neighbour trees")
    parser.add_argument("--growth", type=int, nargs="+", default=[])
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--data", nargs="+", choices=sorted(DATA), default=["gaussian"])
    parser.add_argument("--only", nargs="+", choices=sorted(GROWTH), default=[])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--limit", type=int, default=1_800, help="seconds for one row of growth")
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        name, kind, n, dimension, workers = chosen.one
        one(name, kind, int(n), int(dimension), int(workers))
        return
    if chosen.growth:
        grow(chosen.growth, chosen.dimension, chosen.data, chosen.only, chosen.workers, chosen.limit)
        return
    import torch

    torch.set_num_threads(1)
    if chosen.sizes:
        batches(chosen.sizes, 512, chosen.rounds)
    neighbour_trees(chosen.points, [128, 512], max(2, chosen.rounds // 2))


if __name__ == "__main__":
    main()
