"""Candidate neighbours from FAISS: flat (exact), graph (HNSW) or inverted file (IVF, IVF-PQ).

FAISS measures by inner products, so its distances lose digits for near points; a few more candidates than needed are
taken, and the caller measures them again. Building is made deterministic: a graph is built by one thread, clustering
has a fixed seed; single queries do not depend on the number of threads.
"""

import threading
from typing import TYPE_CHECKING, Literal

import numpy as np

from storage.errors import InputError
from tasks.arrays import Float32s, Int32s
from tasks.geometry.neighbours.squared_distances import gram_error_factor

if TYPE_CHECKING:
    import faiss

MARGIN, APPROXIMATE_MARGIN = 8, 24
"""Candidates beyond the k asked for: for exact lists, because FAISS's rounding may hide the order; for others, because
descent goes by longer lists (of 30,000 Gaussian points in 64 dimensions, excess 7e-5 instead of 3e-4)."""

_FAISS = threading.Lock()  # its number of threads is one setting for the process


def nearest_points_faiss(
    points: Float32s, k: int, index: Literal["auto", "flat", "hnsw", "ivf", "ivfpq"], *, device: str, workers: int
) -> tuple[Int32s, Float32s, str]:
    """Some more than `k` other points of each of `points`.

    Args:
        points: float32 `[n, d]`, distinct.
        k: points wanted of each.
        index: which index; `auto` is refused here.
        device: a GPU is used where it is not "cpu" and faiss can.
        workers: threads.

    Returns:
        Positions int32 `[n, k']`; squared horizons float32 `[n]`; and how they were found, in words. For `flat` the
        horizon is a lower bound, by FAISS's rounding, on what is not listed; for the others it is the last distance,
        as if nothing had been missed.

    Raises:
        InputError: the index is unknown.
    """
    import faiss

    n, d = points.shape
    wanted = min(n, k + 1 + (MARGIN if index == "flat" else APPROXIMATE_MARGIN))
    centred = points - (np.ones(n, np.float32) @ points) / np.float32(n)
    with _FAISS:
        before = faiss.omp_get_max_threads()
        try:
            faiss.omp_set_num_threads(workers)
            built, method = _build(centred, index, workers)
            if device != "cpu" and hasattr(faiss, "StandardGpuResources") and index != "hnsw":
                built = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), _gpu_number(device), built)
                method += ", on the GPU"
            squared, found = built.search(centred, wanted)
        finally:
            faiss.omp_set_num_threads(before)
    own = found == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True  # an index may miss the point itself: drop the last instead
    positions = found[~own].reshape(n, wanted - 1).astype(np.int32)
    squared = squared[~own].reshape(n, wanted - 1)
    if wanted == n and index == "flat":
        return positions, np.full(n, np.inf, np.float32), method
    last = squared.max(axis=1, initial=0)
    if index == "flat":
        norms = np.einsum("ij,ij->i", centred, centred)
        last = last - gram_error_factor(d) * (norms + norms.max())
    return positions, last, method


def _build(points: Float32s, index: str, workers: int) -> tuple["faiss.Index", str]:
    import faiss

    n, d = points.shape
    if index == "hnsw":
        graph = faiss.IndexHNSWFlat(d, 32)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = 160, 256
        faiss.omp_set_num_threads(1)
        graph.add(points)
        faiss.omp_set_num_threads(workers)
        return graph, "faiss HNSW32, efSearch 256"
    if index in ("ivf", "ivfpq"):
        lists = int(max(1, min(4 * np.sqrt(n), n // 39)))
        quantizer = faiss.IndexFlatL2(d)
        file: faiss.IndexIVF
        if index == "ivf":
            file, name = faiss.IndexIVFFlat(quantizer, d, lists), "IVF"
        else:
            parts = max(m for m in range(1, d // 2 + 2) if d % m == 0 and (m <= d // 2 or m == 1))
            file, name = faiss.IndexIVFPQ(quantizer, d, lists, parts, 8 if n >= 10_000 else 4), f"IVF-PQ{parts}"
        file.cp.seed, file.cp.niter = 1234, 10
        file.train(points)
        file.add(points)
        file.nprobe = max(1, min(lists, max(32, lists // 16)))
        return file, f"faiss {name}, {lists} lists, {file.nprobe} probed"
    if index != "flat":
        raise InputError(f"unknown faiss index {index!r}; use flat, hnsw, ivf or ivfpq")
    flat = faiss.IndexFlatL2(d)
    flat.add(points)
    return flat, "exact, faiss Flat"


def _gpu_number(device: str) -> int:
    return int(device.partition(":")[2] or 0)
