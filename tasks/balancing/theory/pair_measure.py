"""Masses of the matches themselves, `[nnz]`: what the diagnostics of a balanced measure work on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Int64s, Integers
from tasks.balancing.diagnostics import keyword_sums
from tasks.balancing.result import Unit


@dataclass(frozen=True)
class PairMeasure:
    """A measure on the matches.

    Attributes:
        rows: `[nnz]`, the caption of each match.
        columns: `[nnz]`, the keyword of each match.
        mass: `[nnz]`, not negative, sums to 1.
        n: number of captions.
        m: number of keywords.
    """

    rows: Int64s
    columns: Int64s
    mass: Floats
    n: int
    m: int

    @property
    def row_marginal(self) -> Floats:
        """`[n]`."""
        return keyword_sums(self.rows, self.mass, self.n)

    @property
    def column_marginal(self) -> Floats:
        """`[m]`."""
        return keyword_sums(self.columns, self.mass, self.m)

    def row_mean(self, h: Floats) -> Floats:
        """`E[h | caption]` at each match, `[nnz]`; 0 where the caption has no mass."""
        return _conditional(self.rows, self.mass, h, self.n)

    def column_mean(self, h: Floats) -> Floats:
        """`E[h | keyword]` at each match, `[nnz]`; 0 where the keyword has no mass."""
        return _conditional(self.columns, self.mass, h, self.m)


def _conditional(label: Integers, mass: Floats, h: Floats, size: int) -> Floats:
    total = keyword_sums(label, mass, size)
    sums = keyword_sums(label, mass * h, size)
    return np.divide(sums, total, out=np.zeros(size), where=total > 0)[label]


def start_measure(indptr: Integers, indices: Integers, columns: int, unit: Unit = "rows") -> PairMeasure:
    """`R⁰`, where raking starts.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers.
        columns: number of keywords m.
        unit: equal captions that split over their keywords ("rows"), or equal matches ("pairs").
    """
    degrees = np.diff(indptr)
    rows = np.repeat(np.arange(len(degrees)), degrees)
    mass = 1.0 / np.repeat(degrees, degrees) if unit == "rows" else np.ones(len(indices))
    return PairMeasure(rows, np.asarray(indices, dtype=np.int64), mass / mass.sum(), len(degrees), columns)


def scaled_measure(indptr: Integers, indices: Integers, row_mass: Floats, log_scale: Floats) -> PairMeasure:
    """The raked measure `R_ij = r_i e^{b_j} / Σ_k e^{b_k}` of a `Balance`.

    Args:
        indptr: `[n + 1]`, offsets of the matrix in compressed rows.
        indices: `[nnz]`, keyword numbers.
        row_mass: `[n]`, r, its `weight`.
        log_scale: `[m]`, b, its `log_scale`.
    """
    degrees = np.diff(indptr)
    rows = np.repeat(np.arange(len(degrees)), degrees)
    potential = np.asarray(log_scale)[indices]
    top = np.full(len(degrees), -np.inf)
    np.maximum.at(top, rows, potential)
    with np.errstate(invalid="ignore"):
        values = np.where(potential > -np.inf, np.exp(potential - top[rows]), 0.0)
    sums = keyword_sums(rows, values, len(degrees))
    mass = np.asarray(row_mass)[rows] * np.divide(values, sums[rows], out=np.zeros_like(values), where=sums[rows] > 0)
    return PairMeasure(rows, np.asarray(indices, dtype=np.int64), mass / mass.sum(), len(degrees), len(log_scale))
