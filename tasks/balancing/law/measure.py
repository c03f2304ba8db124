"""What a law makes of the captions, in one pass: sums over keywords and over rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream
from tasks.balancing.raking.kernels import add_rows


@dataclass(frozen=True)
class Measured:
    """Sums of the masses.

    Attributes:
        total: `Σ_i mass_i`.
        squares: `Σ_i mass_i²`.
        largest: the largest mass.
        columns: `[m]`, `Σ_i K_ij mass_i`, divided by the caption's keywords where the unit is "rows".
    """

    total: float
    squares: float
    largest: float
    columns: Floats

    @property
    def effective_sample_size(self) -> float:
        """Kish's `(Σ w)² / Σ w²`."""
        return self.total * self.total / self.squares if self.squares > 0 else 0.0


def measure_law(law: Law, stream: MatchStream) -> Measured:
    """The sums over all rows, added block by block in order."""
    total = squares = largest = 0.0
    columns = np.zeros(stream.columns)

    def measure(block: MatchBlock) -> Measured:
        mass = law.mass(block.indptr, block.indices)
        degrees = np.diff(block.indptr)
        share = mass / np.maximum(degrees, 1) if law.unit == "rows" else mass
        sums = np.zeros(stream.columns)
        add_rows(block.indptr, block.indices, share, sums)
        return Measured(float(mass.sum()), float(mass @ mass), float(mass.max(initial=0.0)), sums)

    for found in stream.map(measure):
        total, squares, largest = total + found.total, squares + found.squares, max(largest, found.largest)
        columns += found.columns
    return Measured(total, squares, largest, columns)
