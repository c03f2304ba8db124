"""Draws: from weights to multiplicities, by hash, so that neither order nor sharding matters.

All methods are unbiased, `E[multiplicity_i] = c·w_i`, with `c` solved for the size wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from storage.draws import hash_order, uniform
from storage.errors import InputError

Method = Literal["poisson", "residual", "multinomial", "systematic"]
Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.integer]
MOST_COPIES = 65_535


@dataclass(frozen=True)
class Draw:
    """A selection before it is written.

    Attributes:
        multiplicity: uint16 `[n]`, copies of each caption.
        expected: `[n]`, the expectation of the multiplicity.
        inclusion: `[n]`, the probability that the caption occurs at all.
        scale: the factor `c`.
        own_inclusion: the balancing's own expectations were used as they are.
    """

    multiplicity: npt.NDArray[np.uint16]
    expected: Floats
    inclusion: Floats
    scale: float
    own_inclusion: bool = False


def scale_for_size(weight: Floats, size: float, most: float) -> float:
    """The `c` with `Σ min(most, c·w_i) = size`, exactly (sort and solve the one linear piece).

    Args:
        weight: `[n]`, not negative.
        size: the expected number of rows.
        most: the most that one caption may be expected: 1 for Poisson sampling.

    Raises:
        InputError: a size that cannot be reached.
    """
    ordered = np.sort(weight[weight > 0])[::-1]
    reach = most * len(ordered)
    if not 0 < size <= reach * (1 + 1e-12):
        raise InputError(
            f"size is {size:g}, but {len(ordered)} captions have positive weight and may occur at most "
            f"{most:g} times each; ask for a size between 1 and {reach:g}"
        )
    if size >= reach:
        return float(most / ordered[-1])
    rest = np.cumsum(ordered[::-1])[::-1]
    full = np.arange(len(ordered))
    candidates = (size - most * full) / rest
    fits = candidates * ordered <= most
    return float(candidates[np.argmax(fits)])


def poisson(ids: Ids, expected: Floats, *, seed: int) -> npt.NDArray[np.uint16]:
    """Each caption independently with probability `expected_i ≤ 1`: 1 where `hash(seed, id) < expected_i`."""
    return (uniform(ids, seed=seed, purpose="poisson") < expected).astype(np.uint16)


def residual(ids: Ids, expected: Floats, *, seed: int) -> npt.NDArray[np.uint16]:
    """`⌊expected_i⌋` copies and one more with the remaining probability: the least variance of a caption alone."""
    whole = np.floor(expected)
    more = uniform(ids, seed=seed, purpose="residual") < expected - whole
    return (whole + more).astype(np.uint16)


def multinomial(ids: Ids, expected: Floats, size: int, *, seed: int, most: int) -> npt.NDArray[np.uint16]:
    """`size` independent draws with probabilities ∝ `expected`, the paper's way; draw k uses `hash(seed, k)`.

    The captions are laid out by id before the draws are looked up, so the selection does not depend on their order.

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


def systematic(expected: Floats, order: Integers, *, seed: int) -> npt.NDArray[np.uint16]:
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


def draw(
    ids: Ids,
    weight: Floats,
    *,
    method: Method,
    size: int | None,
    seed: int,
    inclusion: Floats | None = None,
    most: int = MOST_COPIES,
    order: Integers | None = None,
) -> Draw:
    """A selection of expected size `size`.

    Args:
        ids: uint64 `[n]`.
        weight: `[n]`, not negative, any scale.
        method: see the functions above.
        size: expected rows (multinomial: exactly). None takes the balancing's own expectations where it gave them
            (`Σ inclusion`), else one copy for a weight of 1: as many rows as captions, or for Poisson sampling, which
            makes no copies, `Σ min(1, w)`.
        seed: of the hash draws.
        inclusion: `[n]`, expected copies according to the balancing itself; used as they are when size is None.
        most: copies of one caption at most.
        order: `[n]` positions, systematic only: the order along which every stretch gets its share (`strata.py`).

    Raises:
        InputError: a size that cannot be reached, or a bad weight.
    """
    weight = np.asarray(weight, dtype=np.float64)
    if len(weight) and (not np.isfinite(weight).all() or float(weight.min()) < 0):
        raise InputError("a weight is negative or not finite; balance again before sampling")
    limit = 1.0 if method == "poisson" else float(most)
    own = size is None and inclusion is not None and float(inclusion.max(initial=0.0)) <= limit
    if own:
        assert inclusion is not None
        expected, scale = inclusion, float(inclusion.sum()) / float(weight.sum())
        wanted = max(1, round(float(inclusion.sum())))
    elif size is None and method == "poisson":
        copies = weight if inclusion is None else inclusion
        expected, scale = np.minimum(1.0, copies), float(copies.sum()) / float(weight.sum())
        wanted = max(1, round(float(expected.sum())))
    else:
        wanted = size if size is not None else (len(ids) if inclusion is None else round(float(inclusion.sum())))
        scale = wanted / float(weight.sum()) if method == "multinomial" else scale_for_size(weight, wanted, limit)
        expected = np.minimum(limit, scale * weight)
    if method == "poisson":
        return Draw(poisson(ids, expected, seed=seed), expected, expected, scale, own)
    if method == "residual":
        return Draw(residual(ids, expected, seed=seed), expected, np.minimum(expected, 1.0), scale, own)
    if method == "systematic":
        along = np.argsort(ids, kind="stable") if order is None else order
        return Draw(systematic(expected, along, seed=seed), expected, np.minimum(expected, 1.0), scale, own)
    share = weight / float(weight.sum())
    included = -np.expm1(wanted * np.log1p(-np.minimum(share, 1.0 - 1e-16)))
    return Draw(multinomial(ids, share, wanted, seed=seed, most=most), wanted * share, included, scale, own)


def subset(ids: Ids, size: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Positions (ascending) of a uniform subset without replacement of exactly `size`: the smallest hashes.

    Ids must be distinct. Raises `InputError` where `size` exceeds their number.
    """
    if not 0 <= size <= len(ids):
        raise InputError(f"a subset of {size} of {len(ids)} rows cannot be drawn; ask for at most {len(ids)}")
    return np.sort(hash_order(ids, seed=seed, purpose="subsample")[:size])
