"""Diversity at equal size: spanning trees of as many rows drawn from one data set as from another."""

from dataclasses import dataclass

import numpy as np

from storage.draws import uniform
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.geometry.tree.mst import minimum_spanning_tree


@dataclass(frozen=True)
class Diversity:
    """mean_edge: tree length over size, averaged over draws; standard_error: of that average; uniformity: of T-REGS at
    this size; repeated: mean share of drawn rows that repeat another exactly; size; draws."""

    mean_edge: float
    standard_error: float
    uniformity: float
    repeated: float
    size: int
    draws: int


def diversity(
    ids: np.ndarray,
    vectors: np.ndarray,
    *,
    size: int,
    multiplicity: np.ndarray | None = None,
    draws: int = 8,
    seed: int = 0,
    workers: int = 1,
) -> Diversity:
    """Mean tree length per row of `size` rows drawn from a data set, without replacement, `draws` times.

    ids: uint64 `[n]`. vectors: float32 `[n, d]`. multiplicity: copies of each row in the data set, int `[n]` (default
    1); copies of a row may be drawn together, and add nothing. Draws hash the ids: the same row is drawn or not
    whatever else the data set holds, so two data sets that share rows are compared on nearly the same ones.
    Raises `ValueError` where the data set has fewer than `size` copies.
    """
    copies = np.ones(len(ids), np.int64) if multiplicity is None else multiplicity.astype(np.int64)
    if copies.sum() < size:
        raise ValueError(f"cannot draw {size} of {copies.sum()} rows")
    row = np.repeat(np.arange(len(ids)), copies)
    copy = np.arange(len(row)) - np.repeat(np.cumsum(copies) - copies, copies)
    lengths, repeats = [], []
    for draw in range(draws):
        chance = np.empty(len(row))
        for number in range(int(copies.max())):
            mine = copy == number
            chance[mine] = uniform(ids[row[mine]], seed=seed, purpose=f"diversity {draw}", copy=number)
        drawn = np.lexsort((copy, ids[row], chance))[:size]
        tree = minimum_spanning_tree(vectors[np.sort(row[drawn])], workers=workers)
        lengths.append(tree.length / size)
        repeats.append(tree.repetitions / size)
    mean = float(np.mean(lengths))
    error = float(np.std(lengths, ddof=1) / np.sqrt(draws)) if draws > 1 else 0.0
    d = vectors.shape[1]
    return Diversity(mean, error, treg_uniformity(mean * size, size, d), float(np.mean(repeats)), size, draws)
