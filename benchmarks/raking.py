"""What does one full iteration of raking cost, against sparse and dense peers?

    python -m benchmarks.raking                        # 1e5 × 500, 1e6 × 2e4, 1e6 × 2e5, and the dense peers
    python -m benchmarks.raking --sizes 1e7x2e5        # needs about 2 GB

An iteration sets both margins once. Ours is what the driver does at an ordinary step: one pass over the rearranged
matrix, the new potentials, and the keyword margin's residual; scipy and torch do their two products and two divisions
and measure nothing. All run interleaved for some rounds, ratios are taken within a round, and medians are printed. Ours
uses one thread; times are that thread's processor time (torch on several threads: wall time). Dense peers (POT, ipfn)
run on a size that they can hold.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
import torch

from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.raking.blocks import blocks_of
from tasks.balancing.raking.grouped_rows import Grouped, group_rows
from tasks.balancing.raking.kernels import fitted_potential
from tasks.balancing.raking.rake import rake
from tasks.balancing.raking.row_passes import Rows

WIDTH = 9
COLUMNS = ("rows", "keywords", "nnz/row", "ours", "plain", "scipy", "torch", "/plain", "/scipy", "/torch", "whole")
COLUMNS += ("prepare", "MB ours", "MB csr", "MB scipy")


def make_matrix(rows: int, keywords: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A long-tailed 0/1 matrix with about 2.4 matches a row, as captions have: `(indptr, indices)`."""
    generator = np.random.default_rng(seed)
    degrees = 1 + generator.poisson(1.45, rows)
    share = 1.0 / np.arange(1, keywords + 1)
    cumulated = np.cumsum(share) / share.sum()
    names = generator.permutation(keywords)
    held = names[np.minimum(np.searchsorted(cumulated, generator.random(int(degrees.sum()))), keywords - 1)]
    pairs = np.unique(np.repeat(np.arange(rows), degrees) * np.int64(keywords) + held)
    indptr = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(pairs // keywords, minlength=rows), out=indptr[1:])
    return indptr, (pairs % keywords).astype(np.uint32)


def reachable_target(indptr: np.ndarray, indices: np.ndarray, keywords: int) -> np.ndarray:
    """Keyword margin of equal captions that split unevenly: one that can be met, so that no scaling runs away."""
    degrees = np.diff(indptr)
    mass = np.random.default_rng(1).uniform(0.2, 1.0, len(indices))
    mass /= np.repeat(np.add.reduceat(mass, indptr[:-1]), degrees) * len(degrees)
    return np.bincount(indices, weights=mass, minlength=keywords)


def our_iteration(rows: Rows, goal: np.ndarray) -> Callable[[], None]:
    """The driver's ordinary full iteration on prepared rows."""
    state = {"potential": np.zeros(len(goal))}
    with np.errstate(divide="ignore"):
        log_goal = np.log(goal)

    def step() -> None:
        sums, _ = rows.log_scale_sums(state["potential"])
        mass = np.exp(np.minimum(state["potential"] + sums, 700.0))
        float(np.abs(goal - mass).sum())
        state["potential"] = fitted_potential(log_goal, sums, state["potential"])

    return step


def scipy_iteration(indptr: np.ndarray, indices: np.ndarray, goal: np.ndarray) -> Callable[[], None]:
    """CSR and CSR of the transpose, two products and two divisions."""
    n, m = len(indptr) - 1, len(goal)
    k = sp.csr_matrix((np.ones(len(indices)), indices.astype(np.int32), indptr.astype(np.int32)), shape=(n, m))
    kt = k.T.tocsr()
    state = {"v": np.ones(m)}

    def step() -> None:
        u = (1.0 / n) / np.maximum(k @ state["v"], 1e-300)
        state["v"] = goal / np.maximum(kt @ u, 1e-300)

    return step


def torch_iteration(indptr: np.ndarray, indices: np.ndarray, goal: np.ndarray) -> Callable[[], None]:
    """The same in torch's sparse CSR."""
    n, m = len(indptr) - 1, len(goal)
    k = sp.csr_matrix((np.ones(len(indices)), indices.astype(np.int64), indptr), shape=(n, m))
    kt = k.T.tocsr()
    forward, backward = (
        torch.sparse_csr_tensor(
            torch.from_numpy(a.indptr.astype(np.int64)),
            torch.from_numpy(a.indices.astype(np.int64)),
            torch.from_numpy(a.data),
            size=a.shape,
        )
        for a in (k, kt)
    )
    target = torch.from_numpy(goal)[:, None]
    state = {"v": torch.ones(m, 1, dtype=torch.float64)}

    def step() -> None:
        u = (1.0 / n) / (forward @ state["v"]).clamp_min(1e-300)
        state["v"] = target / (backward @ u).clamp_min(1e-300)

    return step


def seconds(step: Callable[[], None], repeats: int, clock: Callable[[], float] = time.thread_time) -> float:
    """One call, mean of `repeats`; by default in this thread's processor time, which a busy machine stretches less."""
    start = clock()
    for _ in range(repeats):
        step()
    return (clock() - start) / repeats


def sparse_row(rows: int, keywords: int, rounds: int) -> None:
    """One line of the sparse table."""
    indptr, indices = make_matrix(rows, keywords)
    goal = reachable_target(indptr, indices, keywords)
    target = np.array([1.0 / rows])
    start = time.perf_counter()
    grouped: Grouped = group_rows(indptr, indices, target, keywords)
    prepared = time.perf_counter() - start
    blocks = blocks_of(indptr, indices, target)
    many = Rows(blocks, keywords, "rows", 1.0 / rows, mapped(1), grouped)
    few = Rows(blocks, keywords, "rows", 1.0 / rows, mapped(1))
    first = rake(indptr[:1001], indices[: indptr[1000]], columns=keywords, column_target=goal, steps=40)
    assert first.iterations == 40  # and now everything is compiled
    steps = {
        "ours": our_iteration(many, goal),
        "plain": our_iteration(few, goal),
        "scipy": scipy_iteration(indptr, indices, goal),
        "torch": torch_iteration(indptr, indices, goal),
    }
    for step in steps.values():
        step()
    repeats = max(1, 2_000_000 // len(indices))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            threads = torch.get_num_threads() if name == "torch" else 1
            times[name].append(seconds(step, repeats, time.thread_time if threads == 1 else time.perf_counter))
    ratio = {
        name: statistics.median(ours / theirs for ours, theirs in zip(times["ours"], times[name]))
        for name in ("plain", "scipy", "torch")
    }
    whole = seconds(lambda: rake(indptr, indices, columns=keywords, column_target=goal, steps=200), 1) / 100
    ms = {name: 1e3 * statistics.median(values) for name, values in times.items()}
    numbers = (
        f"{rows:.0e}",
        f"{keywords:.0e}",
        f"{len(indices) / rows:.2f}",
        *(f"{ms[name]:.2f}" for name in ("ours", "plain", "scipy", "torch")),
        *(f"{ratio[name]:.2f}" for name in ("plain", "scipy", "torch")),
        f"{1e3 * whole:.2f}",
        f"{1e3 * prepared:.0f}",
        f"{grouped.bytes / 1e6:.1f}",
        f"{(indptr.nbytes + indices.nbytes) / 1e6:.1f}",
        f"{len(indices) * 24 / 1e6:.1f}",
    )
    print("".join(number.rjust(WIDTH) for number in numbers), flush=True)


def dense_peers(rows: int = 10_000, keywords: int = 500, iterations: int = 100) -> None:
    """POT and ipfn on a dense table with margins that can be met."""
    import ot

    indptr, indices = make_matrix(rows, keywords)
    generator = np.random.default_rng(1)
    table = np.zeros((rows, keywords))
    table[np.repeat(np.arange(rows), np.diff(indptr)), indices] = 1.0
    table = table[:, table.sum(axis=0) > 0]
    reachable = table * generator.uniform(0.5, 1.0, size=table.shape)
    margins = reachable.sum(axis=1) / reachable.sum(), reachable.sum(axis=0) / reachable.sum()
    held = np.flatnonzero(np.bincount(indices, minlength=keywords) > 0)
    renumbered = np.searchsorted(held, indices).astype(np.uint32)

    def ours() -> None:
        rake(
            indptr,
            renumbered,
            columns=len(held),
            row_target=margins[0],
            column_target=margins[1],
            steps=2 * iterations,
            initial="pairs",
        )

    ours()
    base = seconds(ours, 5)
    print(f"\n{rows} × {keywords} dense, {iterations} iterations; ours, the whole call: {1e3 * base:.1f} ms")
    cost = np.where(table > 0, 0.0, 1e3)
    peers: dict[str, Callable[[], object]] = {
        "POT sinkhorn": lambda: ot.sinkhorn(*margins, cost, 1.0, numItermax=iterations, stopThr=0, warn=False)
    }
    try:
        from ipfn.ipfn import ipfn
    except ImportError:
        print("ipfn is not installed (pip install ipfn)")
    else:
        few = 2
        peers["ipfn"] = lambda: [
            ipfn(table.copy(), list(margins), [[0], [1]], max_iteration=few - 1, convergence_rate=0.0).iteration()
            for _ in range(1)
        ]
    for name, peer in peers.items():
        elapsed = seconds(lambda peer=peer: peer(), 1)  # type: ignore[misc]
        if name == "ipfn":
            elapsed *= iterations / few
        print(f"  {name:<14} {1e3 * elapsed:10.0f} ms   {elapsed / base:8.0f} × ours")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", default=["1e5x500", "1e6x2e4", "1e6x2e5"], help="rows × keywords")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--torch-threads", type=int, default=1)
    parser.add_argument("--no-dense", action="store_true", help="leave POT and ipfn out")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.torch_threads)
    print(
        "processor ms per full iteration: ours, ours over plain compressed rows (as for few steps), scipy, torch;\n"
        "ratios ours / theirs within a round; whole: rake() with 100 iterations, all checks and diagnostics, per\n"
        "iteration; prepare: rearranging once, ms; MB of the rearranged matrix, of compressed rows, of scipy's two.\n"
    )
    print("".join(name.rjust(WIDTH) for name in COLUMNS))
    for size in arguments.sizes:
        rows, keywords = (int(float(part)) for part in size.split("x"))
        sparse_row(rows, keywords, arguments.rounds)
    if not arguments.no_dense:
        dense_peers()


if __name__ == "__main__":
    main()
