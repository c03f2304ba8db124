"""One pass over the rows: what the dual of bounded calibration asks of the captions, for a vector λ `[m]`.

The message there is λ, as a reference and a change from it; the message back is the expected counts `[m]` and two
numbers, which add up over shards of rows.
"""

from __future__ import annotations

import math

from tasks.arrays import Floats, Int64s, Keywords
from tasks.compiled import compiled


@compiled
def row_pass(  # noqa: PLR0913  a kernel: numba takes no objects
    indptr: Int64s,
    indices: Keywords,
    mu: Floats,
    log_start: Floats,
    reference: Floats,
    change: Floats,
    low: float,
    high: float,
    weight: Floats,
    counts: Floats,
) -> tuple[float, float]:
    """Weights `w_i = clip(w⁰_i e^{a_i}, low, high)` for `a = Kλ`, `λ = reference + change`, and their counts `Kᵀ(μw)`.

    The value is `Σ_i μ_i (ψ_i(a_i) − ψ_i(b_i))`, `b = K·reference`, where ψ is the conjugate of the divergence:
    `ψ_i(a) = max_w (w a − w log(w/w⁰_i) + w − w⁰_i)` over `low ≤ w ≤ high`. Row by row the difference is
    `w_i(a) (1 − e^{b − a})` between the bounds and `w_i (a − b)` at one of them. No digits cancel, so a line search
    near the optimum sees differences far below the rounding of ψ itself. Sums are compensated (Neumaier 1974).

    Args:
        indptr: `[g + 1]`, offsets of the rows.
        indices: `[nnz]`, keyword numbers.
        mu: `[g]`, captions that each row stands for; 0 leaves the row out.
        log_start: `[g]`, log w⁰.
        reference: `[m]`, the λ that the value is measured from.
        change: `[m]`, what is added to it.
        low: smallest weight.
        high: largest weight, finite.
        weight: `[g]`, overwritten.
        counts: `[m]`, overwritten.

    Returns:
        The value, and `Σ μ_i w_i`.
    """
    log_low = math.log(low) if low > 0.0 else -math.inf
    log_high = math.log(high)
    counts[:] = 0.0
    value, lost, expected = 0.0, 0.0, 0.0
    for i in range(indptr.shape[0] - 1):
        before, step = log_start[i], 0.0
        for k in range(indptr[i], indptr[i + 1]):
            before += reference[indices[k]]
            step += change[indices[k]]
        after = before + step
        w = math.exp(min(max(after, log_low), log_high))
        if log_low < before < log_high and log_low < after < log_high:
            difference = -w * math.expm1(-step) if step > -1.0 else w - math.exp(before)
        elif (before >= log_high and after >= log_high) or (before <= log_low and after <= log_low):
            difference = w * step
        else:
            inner, outer = min(max(before, log_low), log_high), min(max(after, log_low), log_high)
            difference = w * (1.0 + (after - outer)) - math.exp(inner) * (1.0 + (before - inner))
        weight[i] = w
        mass = mu[i] * w
        expected += mass
        for k in range(indptr[i], indptr[i + 1]):
            counts[indices[k]] += mass
        term = mu[i] * difference
        total = value + term
        lost += (value - total) + term if abs(value) >= abs(term) else (term - total) + value
        value = total
    return value + lost, expected
