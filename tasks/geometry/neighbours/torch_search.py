"""Exact nearest neighbours in tiles on any torch device."""

from collections.abc import Callable

import numpy as np
import torch

from tasks.geometry.neighbours.squared_distances import gram_error_factor

MARGIN = 8
ROWS, COLUMNS = 4_096, 65_536


def nearest_points_torch(
    points: np.ndarray, k: int, *, device: str, advance: Callable[[int], object] = lambda rows: None
) -> tuple[np.ndarray, np.ndarray]:
    """Up to `k + MARGIN` other points of each of `points`, float32 `[n, d]`.

    Returns positions int32 `[n, k']`, −1 where there are fewer, and for each point a lower bound on the squared
    distance of what is not listed, float32 `[n]`. Candidates are chosen by float32 inner products (never TF32) of
    centred points; the caller measures them again.
    """
    n, d = points.shape
    wanted = min(k + MARGIN, n - 1)
    cloud = torch.tensor(points, device=device)
    cloud = cloud - cloud.mean(dim=0)
    norms = (cloud * cloud).sum(dim=1)
    positions = np.full((n, max(wanted, 1)), -1, np.int32)
    horizon = np.full(n, np.inf, np.float32)
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        for first in range(0, n, ROWS):
            rows = slice(first, min(n, first + ROWS))
            squared, found = best_of_row_block(cloud, norms, rows, wanted)
            positions[rows, :wanted] = found.cpu().numpy()
            if wanted < n - 1:
                error = float(gram_error_factor(d)) * (norms[rows] + norms.max())
                horizon[rows] = (squared[:, -1] - error).clamp(min=0).cpu().numpy()
            advance(rows.stop - rows.start)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    return positions, horizon


def best_of_row_block(
    cloud: torch.Tensor, norms: torch.Tensor, rows: slice, wanted: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The `wanted` nearest of each row, merged tile after tile: squared distances and positions `[b, wanted]`.

    Args:
        cloud: the points, `[n, d]`.
        norms: their squared norms, `[n]`.
        rows: which rows are asked about.
        wanted: how many.
    """
    count = rows.stop - rows.start
    best = torch.full((count, wanted), torch.inf, device=cloud.device)
    found = torch.full((count, wanted), -1, dtype=torch.int64, device=cloud.device)
    for start in range(0, len(cloud), COLUMNS):
        stop = min(len(cloud), start + COLUMNS)
        tile = torch.addmm(
            norms[start:stop], cloud[rows], cloud[start:stop].T, alpha=-2
        )  # the row's own norm is left out
        first, last = max(start, rows.start), min(stop, rows.stop)
        if first < last:  # the tile holds some of the rows themselves
            own = torch.arange(first, last, device=cloud.device)
            tile[own - rows.start, own - start] = torch.inf
        near, place = tile.topk(min(wanted, stop - start), dim=1, largest=False)
        best, chosen = torch.cat([best, near], dim=1).topk(wanted, dim=1, largest=False)
        found = torch.cat([found, place + start], dim=1).gather(1, chosen)
    return best + norms[rows, None], found
