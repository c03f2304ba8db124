"""Calibration on a stream: every iteration is one pass, whose messages are vectors on keywords; the result is a law."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.calibration.calibrate import calibrated
from tasks.balancing.calibration.captions import Totals
from tasks.balancing.calibration.dual_ascent import Bands, Pass
from tasks.balancing.calibration.problem import Options, log_inside, solve_dual
from tasks.balancing.calibration.row_pass import row_pass
from tasks.balancing.calibration.to_size import Wanted, solve_to_size
from tasks.balancing.config import CalibrateConfig
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.matrix.checks import checked_bands
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream
from tasks.balancing.raking.census import Census
from tasks.balancing.result import Balance


@dataclass
class StreamedProblem:
    """Captions on a stream, all with the same starting weight, and the solver's state; see `Problem`.

    Attributes:
        stream: the matches.
        seen: their census.
        bounds: smallest and largest weight, the latter possibly infinite.
        columns: number of keywords m.
        lam: `[m]`, λ, kept between solutions.
        passes: passes made by all climbs so far.
        log_start: log w⁰.
    """

    stream: MatchStream
    seen: Census
    bounds: tuple[float, float]
    columns: int
    lam: Floats
    passes: int = 0
    log_start: float = 0.0

    @property
    def matched(self) -> int:
        """Captions with a keyword."""
        return self.seen.matched

    @property
    def matches(self) -> int:
        """Their keywords in all."""
        return self.seen.matches

    def start(self, log_weight: float) -> None:
        """Let every caption start at this log weight."""
        self.log_start = log_weight

    def message(self, reference: Floats, change: Floats, high: float) -> Pass:
        """One pass at λ = reference + change, weights up to `high`; blocks are added in order."""

        def visit(block: MatchBlock) -> tuple[float, Floats, float]:
            held = (np.diff(block.indptr) > 0).astype(np.float64)
            weight, counts = np.empty(len(held)), np.empty(self.columns)
            start = np.full(len(held), self.log_start)
            value, expected = row_pass(
                block.indptr, block.indices, held, start, reference, change, self.bounds[0], high, weight, counts
            )
            return value, counts, expected

        value = expected = 0.0
        counts = np.zeros(self.columns)
        for part in self.stream.map(visit):
            value, expected = value + part[0], expected + part[2]
            counts += part[1]
        return Pass(value, counts, expected)

    def law(self, lam: Floats, high: float, total: float = 1.0) -> Law:
        """The law at λ."""
        return Law("tilted", "pairs", self.matched, total, lam, start=self.log_start, bounds=(self.bounds[0], high))

    def totals(self, lam: Floats, high: float) -> Totals:
        """One pass for the sums over captions."""
        found = measure_law(self.law(lam, high), self.stream)
        return Totals(found.total, found.squares, found.largest)

    def highest(self, bands: Bands) -> float:
        """The largest weight, or where there is none a finite one that no optimum reaches, as `Problem` proves."""
        low, high = self.bounds
        if math.isfinite(high):
            return high
        start = math.exp(self.log_start)
        weight = max(start, low)
        divergence = self.matched * (weight * math.log(weight / start) - weight + start)
        missed = bands.missed(weight * self.seen.counts.astype(np.float64))
        return 1.01 * max(math.e**2 * weight, divergence + missed)


def calibrate_stream(config: CalibrateConfig, stream: MatchStream, seen: Census, masses: Floats) -> tuple[Law, Balance]:
    """The law `clip(w⁰ e^{Σ_j λ_j}, 0, cap)`, and a `Balance` without weights.

    Args:
        config: what to reach, and the solver's knobs.
        stream: the matches.
        seen: their census.
        masses: `[m]` the target, in captions where the configuration gives no size.

    Raises:
        InputError: a size, effective size or band that cannot be.
    """
    cap = math.inf if config.cap is None else config.cap
    options = Options(config.priority, config.price, config.tolerance, config.iterations)
    problem = StreamedProblem(stream, seen, (0.0, cap), stream.columns, np.zeros(stream.columns))
    if config.size is None:
        low, high = checked_bands(masses * (1 - config.slack), masses * (1 + config.slack), stream.columns)
        problem.start(log_inside(0.5 * float((low + high).sum()) / seen.matches, problem.bounds))
        solved = solve_dual(problem, options.bands(low, high), options)
        balance = calibrated(problem, solved, low, high)
    else:
        wanted = Wanted(float(config.size), config.slack, config.effective_sample_size)
        solved, balance = solve_to_size(problem, masses, wanted, options)
    return problem.law(solved.lam, solved.high, solved.totals.expected), balance
