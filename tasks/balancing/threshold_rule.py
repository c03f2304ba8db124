"""MetaCLIP's balancing rule, and what its threshold means in rows and in tail share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from storage.errors import InputError
from tasks.arrays import Floats, Integers
from tasks.balancing.diagnostics import effective_sample_size, keyword_sums, normalised
from tasks.balancing.matrix.checks import checked_matrix
from tasks.balancing.raking.kernels import kept_probability
from tasks.balancing.result import Balance

SIZE_TOLERANCE = 1e-9


def keyword_probability(counts: npt.ArrayLike, t: float) -> Floats:
    """`p_j = min(1, t / count_j)` `[m]`; 1 for a keyword that no caption holds (Xu et al. 2024, alg. 1)."""
    return np.minimum(1.0, t / np.maximum(np.asarray(counts, dtype=np.float64), 1e-300))


def inclusion_probability(indptr: Integers, indices: Integers, counts: Integers, t: float) -> Floats:
    """`π_i = 1 − Π_j (1 − p_j)` over caption i's keywords, `[n]`; 0 without keywords.

    MetaCLIP draws once per keyword of a caption and keeps it if any draw succeeds; this is that probability. Computed
    as `−expm1(Σ log1p(−p_j))`, exact to rounding for small p.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers.
        counts: `[m]`, captions of each keyword.
        t: captions per keyword.
    """
    with np.errstate(divide="ignore"):
        log_missed = np.log1p(-keyword_probability(counts, t))
    inclusion = np.empty(len(indptr) - 1)
    kept_probability(indptr, indices, log_missed, inclusion)
    return inclusion


def threshold(
    indptr: npt.ArrayLike, indices: npt.ArrayLike, *, columns: int, t: float | None = None, size: float | None = None
) -> Balance:
    """Keep caption i with probability `1 − Π_j (1 − min(1, t / count_j))`.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers, unique within a caption.
        columns: number of keywords m.
        t: MetaCLIP's threshold (20,000 for 400 M of 1.6 B pairs), > 0.
        size: in place of `t`, the expected number of captions kept.

    Returns:
        A `Balance` with `inclusion`, `weight` proportional to it (mean 1), and `threshold`. It aims at no marginal:
        `residual` is how far the expected size is from `size`, relatively (0 for a given `t`), and `converged` means
        that it is at most 1e-9.

    Raises:
        InputError: a malformed matrix, neither or both of `t` and `size`, or a size above the matched captions.

    Example:
        >>> import numpy as np
        >>> from equipoise import threshold
        >>> indptr, indices = np.array([0, 1, 2, 3, 4]), np.array([0, 0, 0, 1])  # three captions of cats, one of a dog
        >>> threshold(indptr, indices, columns=2, t=1).inclusion.round(3).tolist()
        [0.333, 0.333, 0.333, 1.0]
    """
    offsets, keywords = checked_matrix(indptr, indices, columns)
    if (t is None) == (size is None):
        raise InputError("threshold needs either t or size, not both and not neither")
    counts = np.bincount(keywords, minlength=columns)
    matched = int(np.count_nonzero(np.diff(offsets)))
    if matched == 0:
        raise InputError("no caption matches any keyword, so there is nothing to balance; check the keyword list")
    if t is None:
        assert size is not None
        size = float(size)
        t = threshold_for_size(offsets, keywords, counts, size)
    t = float(t)
    if not 0 < t < np.inf:
        raise InputError(f"t is {t}; give a positive number of captions per keyword")
    inclusion = inclusion_probability(offsets, keywords, counts, t)
    expected = float(inclusion.sum())
    degrees = np.diff(offsets)
    effective = effective_sample_size(inclusion)
    residual = 0.0 if size is None else abs(expected - size) / size
    return Balance(
        weight=inclusion * (matched / expected),
        inclusion=inclusion,
        column_marginal=normalised(keyword_sums(keywords, np.repeat(inclusion, degrees), columns)),
        log_scale=np.log(keyword_probability(counts, t)),
        converged=residual <= SIZE_TOLERANCE,
        residual=residual,
        row_residual=0.0,
        column_residual=0.0,
        iterations=0,
        reason=f"every caption has its probability under t = {t:g}; {expected:.1f} captions expected",
        effective_sample_size=effective,
        design_effect=matched / effective,
        history=(),
        infeasible=(),
        unit="pairs",
        threshold=t,
    )


def threshold_for_size(indptr: Integers, indices: Integers, counts: Integers, size: float) -> float:
    """The `t` at which the expected number of captions kept is `size`, to a relative 1e-12.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers.
        counts: `[m]`, captions of each keyword.
        size: the expected number of captions kept.

    Raises:
        InputError: `size` is not positive or exceeds the matched captions.
    """
    return solve_threshold(
        lambda t: float(inclusion_probability(indptr, indices, counts, t).sum()),
        size=float(size),
        matched=int(np.count_nonzero(np.diff(indptr))),
        matches=len(indices),
        largest=float(counts.max()),
    )


def solve_threshold(
    expected: Callable[[float], float], *, size: float, matched: int, matches: int, largest: float
) -> float:
    """The `t` with `expected(t) = size`: Brent's method on log t, about ten calls where bisection takes fifty.

    Args:
        expected: the expected number of captions kept, which grows with t from 0 to all that match.
        size: what it is to be.
        matched: captions with a keyword.
        matches: keywords of all captions in all.
        largest: the largest count, at which every caption is kept.

    Raises:
        InputError: `size` is not positive or exceeds the matched captions.
    """
    if not 0 < size <= matched:
        raise InputError(f"size is {size:g}, but between 1 and {matched} captions (those that match) can be kept")
    if size == matched:
        return largest
    low, high = np.log(size / (4.0 * max(1, matches))), np.log(largest)

    from scipy.optimize import brentq  # as slow to load as a small balance, and raking needs none of it

    def excess(log_t: float) -> float:
        return float(np.log(expected(float(np.exp(log_t))) / size))

    return float(np.exp(brentq(excess, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps, maxiter=200)))


def tail_share(counts: npt.ArrayLike, t: float) -> float:
    """Share of all matches that belong to tail keywords, `Σ_{count < t} count / Σ count`.

    MetaCLIP v2 carries a threshold from one language to another by keeping this share.
    """
    held = np.asarray(counts, dtype=np.float64)
    total = float(held.sum())
    return float(held[held < t].sum()) / total if total > 0 else 0.0


def threshold_for_tail_share(counts: npt.ArrayLike, share: float) -> float:
    """The largest count `t` whose tail share is at most `share` (0 < share < 1): inverse of `tail_share`.

    The tail share is a step function of `t`, so only its steps can be met exactly. MetaCLIP v2 takes another count: it
    compares the share with `Σ_{count ≤ t} count / Σ count`, the keyword itself counted in, and takes the nearest, above
    or below (on one list a share of 0.3 gave 72 here and 68 there). The share of a threshold leaves its own keywords
    out, so MetaCLIP's way back from it ends at a lower count; here it ends where it came from.

    Raises:
        InputError: a share outside (0, 1), or no matches at all.
    """
    if not 0 < share < 1:
        raise InputError(f"the tail share is {share}; give a number between 0 and 1 (MetaCLIP's is 0.06)")
    held = np.asarray(counts, dtype=np.float64)
    values, repeats = np.unique(held[held > 0], return_counts=True)
    if len(values) == 0:
        raise InputError("no keyword has a match, so there is no tail; check the keyword list")
    below = np.concatenate([[0], np.cumsum(values * repeats)[:-1]]) / float((values * repeats).sum())
    return float(values[np.searchsorted(below, share, side="right") - 1])
