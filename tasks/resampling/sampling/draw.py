"""From weights to multiplicities, by hash, so that neither order nor sharding matters.

All methods are unbiased, `E[multiplicity_i] = c·w_i`, with `c` solved for the size wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from storage.tables.ids import as_ids
from tasks.arguments import not_negative, one_of
from tasks.arrays import Floats, Ids
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
    ids: Ids | Sequence[int],
    weight: npt.ArrayLike,
    *,
    method: Method,
    size: float | None,
    seed: int,
    inclusion: npt.ArrayLike | None = None,
    most: int = MOST_COPIES,
    order: npt.ArrayLike | None = None,
) -> Draw:
    """A selection of expected size `size`.

    Args:
        ids: `[n]`, distinct.
        weight: `[n]`, not negative, any scale.
        method: see `methods`.
        size: expected rows (multinomial: exactly, a whole number). None takes the balancing's own expectations where
            it gave them (`Σ inclusion`), else one copy for a weight of 1: as many rows as captions, or for Poisson
            sampling, which makes no copies, `Σ min(1, w)`.
        seed: of the hash draws.
        inclusion: `[n]`, expected copies according to the balancing itself; used as they are when size is None.
        most: copies of one caption at most, up to 65,535.
        order: `[n]` positions, systematic only: the order along which every stretch gets its share
            (`keyword_order`); None takes the order of ids.

    Raises:
        InputError: a size that cannot be reached, a bad weight, or a method that is not known.

    Example:
        >>> import numpy as np
        >>> from equipoise import draw
        >>> ids = np.arange(4, dtype=np.uint64)
        >>> draw(ids, np.array([1.0, 1.0, 1.0, 3.0]), method="residual", size=2, seed=0).expected.round(3).tolist()
        [0.333, 0.333, 0.333, 1.0]
    """
    one_of(method, get_args(Method), "method")
    if size is not None:
        size = not_negative(size, "size")
        if method == "multinomial" and not size.is_integer():
            raise InputError(f"size must be a whole number, not {size:g}: a multinomial draw has exactly so many rows")
    ids, weights = _whole(ids), _checked(weight, len(ids), "weight")
    copies = None if inclusion is None else _checked(inclusion, len(ids), "inclusion")
    total = float(weights.sum())
    if total <= 0:
        raise InputError("no caption has a positive weight, so there is nothing to draw; balance again before sampling")
    if not 1 <= most <= MOST_COPIES:
        raise InputError(f"most is {most}; a selection can hold between 1 and {MOST_COPIES} copies of a caption")
    limit = 1.0 if method == "poisson" else float(most)
    wanted: float
    own = size is None and copies is not None and method != "multinomial" and float(copies.max()) <= limit
    if own:
        assert copies is not None
        expected, scale = copies, float(copies.sum()) / total
        wanted = max(1, round(float(copies.sum())))
    elif size is None and method == "poisson":
        asked = weights if copies is None else copies
        expected, scale = np.minimum(1.0, asked), float(asked.sum()) / total
        wanted = max(1, round(float(expected.sum())))
    else:
        wanted = size if size is not None else len(ids) if copies is None else max(1, round(float(copies.sum())))
        scale = float(wanted) / total if method == "multinomial" else scale_for_size(weights, wanted, limit)
        expected = np.minimum(limit, scale * weights)
    if method == "poisson":
        return Draw(poisson(ids, expected, seed=seed), expected, expected, scale, own)
    if method == "residual":
        return Draw(residual(ids, expected, seed=seed), expected, np.minimum(expected, 1.0), scale, own)
    if method == "systematic":
        along = np.argsort(ids, kind="stable") if order is None else np.asarray(order)
        return Draw(systematic(expected, along, seed=seed), expected, np.minimum(expected, 1.0), scale, own)
    share = weights / total
    included = -np.expm1(wanted * np.log1p(-np.minimum(share, 1.0 - 1e-16)))
    return Draw(multinomial(ids, share, int(wanted), seed=seed, most=most), wanted * share, included, scale, own)


def _whole(ids: Ids | Sequence[int]) -> Ids:
    try:
        return as_ids(ids)
    except TypeError:
        raise InputError(
            "ids must be whole numbers, as uint64 or a list of int: a float cannot hold every 64-bit id"
        ) from None


def _checked(values: npt.ArrayLike, length: int, name: str) -> Floats:
    """A number for each caption as float64, refused where it cannot be one."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,):
        raise InputError(f"{name} has shape {array.shape}, but {length} captions need one number each")
    if length and (not np.isfinite(array).all() or float(array.min()) < 0):
        raise InputError(f"a {name} is negative or not finite; balance again before sampling")
    return array
