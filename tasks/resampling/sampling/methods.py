"""Four ways from expected copies to drawn ones, each unbiased, `E[copies_i] = expected_i`.

Every draw is a hash, so neither the order of the captions nor their shards matter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from storage.draws import uniform
from storage.errors import InputError
from tasks.arrays import Floats, Ids, Integers

Copies = npt.NDArray[np.uint16]
MOST_COPIES = 65_535
"""The largest multiplicity that a selection can hold."""


def poisson(ids: Ids, expected: Floats, *, seed: int) -> Copies:
    """Each caption independently with probability `expected_i ≤ 1`: 1 where `hash(seed, id) < expected_i`."""
    return (uniform(ids, seed=seed, purpose="poisson") < expected).astype(np.uint16)


def residual(ids: Ids, expected: Floats, *, seed: int) -> Copies:
    """`⌊expected_i⌋` copies and one more with the remaining probability: the least variance of a caption alone."""
    whole = np.floor(expected)
    more = uniform(ids, seed=seed, purpose="residual") < expected - whole
    return (whole + more).astype(np.uint16)


def multinomial(ids: Ids, expected: Floats, size: int, *, seed: int, most: int) -> Copies:
    """`size` independent draws with probabilities ∝ `expected`, the paper's way; draw k uses `hash(seed, k)`.

    The captions are laid out by id before the draws are looked up, so the selection does not depend on their order.

    Args:
        ids: `[n]`.
        expected: `[n]`, any scale.
        size: draws.
        seed: of the hash draws.
        most: copies of one caption at most.

    Raises:
        InputError: a caption was drawn more than `most` times.
    """
    order = np.argsort(ids, kind="stable")
    edges = np.cumsum(expected[order])
    draws = uniform(np.arange(size, dtype=np.uint64), seed=seed, purpose="multinomial") * edges[-1]
    drawn = np.minimum(np.searchsorted(edges, draws, side="right"), len(ids) - 1)
    copies = np.bincount(drawn, minlength=len(ids))
    if int(copies.max(initial=0)) > most:
        worst = int(ids[order[np.argmax(copies)]])
        raise InputError(
            f"id {worst} was drawn {int(copies.max())} times, more than most_copies = {most}; use residual"
        )
    multiplicity = np.zeros(len(ids), dtype=np.uint16)
    multiplicity[order] = copies.astype(np.uint16)
    return multiplicity


def systematic(expected: Floats, order: Integers, *, seed: int) -> Copies:
    """Copies at every whole step of the running sum along `order`, from one drawn start: `⌊T_i + u⌋ − ⌊T_{i−1} + u⌋`.

    Each caption gets `⌊expected⌋` or one more; any stretch of the order gets its expected number to within one, so
    with captions ordered by keyword the realised counts stay far nearer to the expected ones than with independent
    draws. The one start makes the draws of different captions dependent.
    """
    start = uniform(np.zeros(1, dtype=np.uint64), seed=seed, purpose="systematic")[0]
    steps = np.floor(np.cumsum(expected[order]) + start)
    copies = np.diff(steps, prepend=np.floor(start))
    multiplicity = np.zeros(len(expected), dtype=np.uint16)
    multiplicity[order] = copies.astype(np.uint16)
    return multiplicity
