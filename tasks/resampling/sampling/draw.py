"""From weights to multiplicities, by hash, so that neither order nor sharding matters.

All methods are unbiased, `E[multiplicity_i] = c·w_i`, with `c` solved for the size wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats, Ids, Integers
from tasks.resampling.sampling.methods import MOST_COPIES, Copies, multinomial, poisson, residual, systematic
from tasks.resampling.sampling.scale import scale_for_size

Method = Literal["poisson", "residual", "multinomial", "systematic"]


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

    multiplicity: Copies
    expected: Floats
    inclusion: Floats
    scale: float
    own_inclusion: bool = False


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
        order: `[n]` positions, systematic only: the order along which every stretch gets its share (`keyword_order`).

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
