"""The dual of bounded calibration, climbed by L-BFGS-B, with a duality gap that certifies where it stops.

Primal, over captions with `a ≤ w_i ≤ b` and keywords with counts `S = Kᵀ(μw)`, at prices f (of a missed floor) and c
(of a broken cap): `min_w Σ_i μ_i [w_i log(w_i/w⁰_i) − w_i + w⁰_i] + Σ_j (f (l_j − S_j)⁺ + c (S_j − h_j)⁺)`. Every band
can be missed at its price, so there is always an answer. Dual: `max_λ Σ_j (λ_j⁺ l_j − λ_j⁻ h_j) − Σ_i μ_i ψ_i((Kλ)_i)`
over the box `−c ≤ λ ≤ f`, ψ as in `row_pass`. It is concave, its weights are `w_i = clip(w⁰_i e^{(Kλ)_i}, a, b)`
(Deville & Särndal 1992, the raking ratio with bounds), and its gradient is `l − S` for λ > 0, `h − S` for λ < 0.

L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995, scipy's) asks for the value and the gradient at one λ at a time: one pass over
the rows with a vector `[m]` as the message, wherever the rows are. λ_j is measured in units of `1/√S_j(λ = 0)`, so that
the diagonal of the Hessian is about 1 at the start. The climb stops where primal and dual value differ by at most the
tolerance; nothing else is called certified.

The ascent in one λ_j after the other that stood here before is exact in each step, but needs the rows by keyword, in
turn. In memory it is quicker where bands hardly conflict, and slower or lost where floors meet caps: on 8,362 real
titles capped at t = 10, 70 sweeps against 40 passes for the nearest solution (half the time), 810 against 187 for
floors first (1.7 times the time); at t = 5 it is not certified after 2,000 (`benchmarks/calibration.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tasks.arrays import Floats

SEARCH = {"maxcor": 20, "maxls": 40, "maxfun": 2**31 - 1, "maxiter": 2**31 - 1, "ftol": 0.0, "gtol": 0.0}
PASSES_PER_RECORD = 10


class Pass(NamedTuple):
    """What one pass over the rows brings back: `Σ μ(ψ(λ) − ψ(reference))`, the counts `S [m]`, captions expected."""

    value: float
    counts: Floats
    expected: float


Rows = Callable[[Floats, Floats], Pass]
"""A pass over the rows at λ = reference + change, wherever the rows are: in memory here, in shards later."""


@dataclass(frozen=True)
class Bands:
    """What is asked of the counts: `lower, upper [m]`, and the nats paid for each caption missing or too many."""

    lower: Floats
    upper: Floats
    floor_price: float
    cap_price: float

    def missed(self, counts: Floats) -> float:
        """The price of all misses, in nats."""
        below, above = np.maximum(self.lower - counts, 0.0), np.maximum(counts - self.upper, 0.0)
        return float(self.floor_price * below.sum() + self.cap_price * above.sum())

    def clip(self, lam: Floats) -> Floats:
        """λ `[m]` moved into the box of the prices."""
        return np.clip(lam, -self.cap_price, self.floor_price)

    def gap(self, lam: Floats, counts: Floats) -> float:
        """Primal minus dual value at λ: an upper bound, in nats, on how far the weights are from optimal.

        `counts [m]` must be those of the weights `clip(w⁰ e^{Kλ})`, for which the divergences cancel and
        `Σ_j price·miss_j + λ_j S_j − λ_j⁺ l_j + λ_j⁻ h_j` is left: a sum of terms that are each ≥ 0, and 0 at the
        optimum.
        """
        miss = self.floor_price * np.maximum(self.lower - counts, 0.0)
        miss += self.cap_price * np.maximum(counts - self.upper, 0.0)
        linear = lam * counts - np.maximum(lam, 0.0) * self.lower + np.maximum(-lam, 0.0) * self.upper
        return float(np.maximum(miss + linear, 0.0).sum())


class Point(NamedTuple):
    """A λ with its pass, and the gap that says how far it is from optimal."""

    lam: Floats
    found: Pass
    gap: float

    def certified(self, tolerance: float) -> bool:
        """The gap is at most `tolerance` nats per expected caption."""
        return self.gap <= tolerance * self.found.expected


class _EnoughError(Exception):
    """Ends scipy's search from within a pass."""


@dataclass
class Ascent:
    """One climb: the best point so far (that of the least gap), the passes made, and every tenth of them."""

    rows: Rows
    bands: Bands
    tolerance: float
    most: int
    best: Point | None = None
    passes: int = 0
    record: list[tuple[int, Floats]] = field(default_factory=list)

    def visit(self, reference: Floats, change: Floats) -> Pass:
        """Make one pass, and keep its λ if its gap is the least so far."""
        found = self.rows(reference, change)
        lam = self.bands.clip(reference + change)
        point = Point(lam, found, self.bands.gap(lam, found.counts))
        if self.best is None or point.gap < self.best.gap:
            self.best = point
        if self.passes % PASSES_PER_RECORD == 0:
            self.record.append((self.passes, found.counts))
        self.passes += 1
        if self.best.certified(self.tolerance) or self.passes >= self.most:
            raise _EnoughError
        return found


class _Variables:
    """The change of λ from a reference `[m]` as the variables x that scipy searches, 0 at the reference.

    A keyword with `l_j < h_j` has a kink at λ_j = 0: its λ_j is the difference of two variables ≥ 0, of which the
    second ones stand at the end of x. A keyword that no caption holds is no variable.
    """

    def __init__(self, bands: Bands, unit: Floats, reference: Floats) -> None:
        self.columns = len(unit)
        self.held = np.flatnonzero(unit > 0)
        kinked = np.flatnonzero(bands.lower[self.held] < bands.upper[self.held])
        self.both = self.held[kinked]
        self.unit = np.concatenate([unit[self.held], unit[self.both]])
        self.slopes = np.concatenate([bands.lower[self.held], -bands.upper[self.both]])
        least = np.full(len(self.held), -bands.cap_price)
        least[kinked] = 0.0
        most = np.full(len(self.held), bands.floor_price)
        limits = np.stack(
            [
                np.concatenate([least, np.zeros(len(self.both))]),
                np.concatenate([most, np.full(len(self.both), bands.cap_price)]),
            ]
        )
        origin = np.clip(np.concatenate([reference[self.held], -reference[self.both]]), limits[0], limits[1])
        self.limits = (limits - origin) / self.unit

    def change(self, x: Floats) -> Floats:
        """The change of λ `[m]`."""
        parts = x * self.unit
        change = np.zeros(self.columns)
        change[self.held] = parts[: len(self.held)]
        change[self.both] -= parts[len(self.held) :]
        return change

    def support(self, x: Floats) -> float:
        """The change of the bands' part of the dual, which is linear in the variables."""
        return float((x * self.unit) @ self.slopes)

    def gradient(self, counts: Floats) -> Floats:
        """Of what scipy minimises: `S − l`, and `h − S` for the second variable of a kink."""
        return (np.concatenate([counts[self.held], -counts[self.both]]) - self.slopes) * self.unit


def climb(
    rows: Rows, bands: Bands, start: Floats, unit: Floats, *, tolerance: float, most: int
) -> tuple[Point, Ascent]:
    """Climb from `start [m]` until the gap is at most `tolerance` nats per expected caption, or for `most` passes.

    A search whose line search fails before that starts again where it ended, from where values are then measured, as
    long as this halves the gap or raises the dual by a thousandth of it.

    Args:
        rows: makes a pass.
        bands: what is asked of the counts.
        start: `[m]`, λ to begin at; clipped to the box.
        unit: `[m]`, the length of one step in each λ_j; 0 for a keyword that no caption holds.
        tolerance: nats per expected caption.
        most: passes.

    Returns:
        The point of the least gap, which the caller must ask whether it is `certified`, and the record of the climb.
    """
    ascent = Ascent(rows, bands, tolerance, most)
    empty = np.where(bands.lower > 0, bands.floor_price, 0.0)  # where a miss is the same for all weights, its gap is 0
    reference, before = np.where(unit > 0, bands.clip(start), empty), np.inf
    try:
        while True:
            end, gain = _search(ascent, reference, unit)
            assert ascent.best is not None
            if ascent.best.gap > 0.5 * before and gain < 1e-3 * ascent.best.gap:
                return ascent.best, ascent
            reference, before = end, ascent.best.gap
    except _EnoughError:
        assert ascent.best is not None
        return ascent.best, ascent


def _search(ascent: Ascent, reference: Floats, unit: Floats) -> tuple[Floats, float]:
    """One search by L-BFGS-B, to its own end: the λ it ends at, and by how much that raised the dual."""
    from scipy.optimize import Bounds, minimize  # as slow to load as a small balance, and raking needs none of it

    variables = _Variables(ascent.bands, unit, reference)

    def descent(x: Floats) -> tuple[float, Floats]:
        found = ascent.visit(reference, variables.change(x))
        return found.value - variables.support(x), variables.gradient(found.counts)

    x = np.zeros(len(variables.unit))
    found = minimize(descent, x, jac=True, method="L-BFGS-B", bounds=Bounds(*variables.limits), options=SEARCH)
    return ascent.bands.clip(reference + variables.change(found.x)), -float(found.fun)
