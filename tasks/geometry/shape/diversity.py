"""Diversity at equal size: spanning trees of as many rows drawn from one data set as from another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storage.draws import uniform
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.geometry.tree.mst import minimum_spanning_tree


@dataclass(frozen=True)
class Diversity:
    """What draws of equal size from a data set show.

    Attributes:
        mean_edge: tree length over size, averaged over draws.
        standard_error: of that average; 0 for a single draw.
        uniformity: of T-REGS at this size.
        repeated: mean share of drawn rows that repeat another exactly.
        size: rows in each draw.
        draws: how many.
    """

    mean_edge: float
    standard_error: float
    uniformity: float
    repeated: float
    size: int
    draws: int


def diversity(
    ids: npt.ArrayLike,
    vectors: npt.ArrayLike,
    *,
    size: int,
    multiplicity: npt.ArrayLike | None = None,
    draws: int = 8,
    seed: int = 0,
    workers: int = 1,
) -> Diversity:
    """Mean tree length per row of `size` rows drawn from a data set, without replacement, `draws` times.

    Draws hash the ids: the same row is drawn or not whatever else the data set holds, so two data sets that share rows
    are compared on nearly the same ones.

    Args:
        ids: uint64 `[n]`.
        vectors: `[n, d]`.
        size: rows in each draw.
        multiplicity: copies of each row in the data set, whole numbers `[n]`; None: 1 each. Copies of a row may be
            drawn together, and add nothing.
        draws: how many.
        seed: of the draws.
        workers: threads.

    Raises:
        ValueError: `size` or `draws` below 1, fewer than `size` copies, or copies that are not whole numbers.
    """
    ids, vectors = np.asarray(ids, np.uint64), np.asarray(vectors)
    given = np.ones(len(ids), np.int64) if multiplicity is None else np.asarray(multiplicity)
    copies = given.astype(np.int64)
    if (copies != given).any() or (copies < 0).any():
        raise ValueError("copies of rows must be whole numbers from 0 on")
    if size < 1 or draws < 1:
        raise ValueError(f"needs at least one draw of at least one row, not {draws} of {size}")
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
    return Diversity(mean, error, treg_uniformity(mean * size, d), float(np.mean(repeats)), size, draws)
