"""Captions as the solver of calibration sees them: passes that bring back sums, wherever the captions are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tasks.arrays import Floats
from tasks.balancing.calibration.dual_ascent import Bands, Pass


@dataclass(frozen=True)
class Totals:
    """Sums over captions: of the weights (the expected captions), of their squares; and the largest weight."""

    expected: float
    squares: float
    largest: float

    @property
    def effective_sample_size(self) -> float:
        """Kish's `(Σ w)² / Σ w²`."""
        return self.expected * self.expected / self.squares if self.squares > 0 else 0.0


class Captions(Protocol):
    """The captions as the solver sees them: in memory (`Problem`), or streamed (`StreamedProblem`)."""

    bounds: tuple[float, float]
    columns: int
    lam: Floats
    passes: int

    @property
    def matched(self) -> int:
        """Captions with a keyword."""
        ...

    @property
    def matches(self) -> int:
        """Their keywords in all."""
        ...

    def start(self, log_weight: float) -> None:
        """Let every caption start at this log weight."""
        ...

    def message(self, reference: Floats, change: Floats, high: float) -> Pass:
        """One pass at λ = reference + change, weights up to `high`."""
        ...

    def totals(self, lam: Floats, high: float) -> Totals:
        """One pass for the sums over captions."""
        ...

    def highest(self, bands: Bands) -> float:
        """The largest weight, or where there is none a finite one that no optimum reaches."""
        ...
