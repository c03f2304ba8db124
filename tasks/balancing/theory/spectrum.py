"""How fast raking converges: the second singular value of the conditional-mean operator, per component.

With marginals r, c of a measure R, `B = diag(r)^{-1/2} R diag(c)^{-1/2}` has largest singular value 1 in each connected
component, and there the error of one full iteration (two half steps) shrinks by σ₂² near the solution. The whole
matrix's second singular value is 1 as soon as there are two components, which says nothing: so components come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, eigsh

from tasks.arrays import Floats, Int64s
from tasks.balancing.feasibility.components import components
from tasks.balancing.result import Step
from tasks.balancing.theory.pair_measure import PairMeasure

DENSE = 64


@dataclass(frozen=True)
class Spectrum:
    """Second singular values of the largest components.

    Attributes:
        second: `[c]`, σ₂ of each examined component, 0 for one with a single caption or keyword.
        mass: `[c]`, mass of each.
        captions: `[c]`, captions of each.
        keywords: `[c]`, keywords of each.
        components: how many components there are in all.
        predicted_rate: max σ₂², the factor by which a full iteration should shrink the error.
    """

    second: Floats
    mass: Floats
    captions: Int64s
    keywords: Int64s
    components: int
    predicted_rate: float


def spectrum(measure: PairMeasure, *, most: int = 32, tolerance: float = 1e-8) -> Spectrum:
    """σ₂ of the `most` components with the most matches (Lanczos; dense below 64 keywords).

    Matches without mass do not count, as they cannot carry any.
    """
    held = measure.mass > 0
    matrix = sp.csr_array(
        (measure.mass[held], (measure.rows[held], measure.columns[held])), shape=(measure.n, measure.m)
    )
    parts = components(matrix.indptr, matrix.indices, measure.m)
    rows = np.argsort(parts.of_row, kind="stable")
    columns = np.argsort(parts.of_column, kind="stable")
    numbers = np.arange(min(most, parts.number) + 1)
    row_edges = np.searchsorted(parts.of_row[rows], numbers)
    column_edges = np.searchsorted(parts.of_column[columns], numbers)
    second, mass = [], []
    for k in range(len(numbers) - 1):
        block = matrix[rows[row_edges[k] : row_edges[k + 1]]][:, columns[column_edges[k] : column_edges[k + 1]]]
        second.append(_second(block.tocsr(), tolerance))
        mass.append(float(block.sum()))
    values = np.array(second)
    count = len(values)
    rate = float((values**2).max(initial=0.0))
    return Spectrum(values, np.array(mass), parts.rows[:count], parts.columns[:count], parts.number, rate)


def _second(block: sp.csr_array, tolerance: float) -> float:
    """Second singular value of one connected block, after the known first pair is taken out."""
    if min(block.shape) < 2:
        return 0.0
    r, c = np.asarray(block.sum(axis=1)).ravel(), np.asarray(block.sum(axis=0)).ravel()
    scaled = sp.diags_array(1 / np.sqrt(r)) @ block @ sp.diags_array(1 / np.sqrt(c))
    if block.shape[0] < block.shape[1]:
        scaled, c = scaled.T, r
    first = np.sqrt(c / c.sum())
    if len(c) <= DENSE:
        gram = np.asarray((scaled.T @ scaled).todense()) - np.outer(first, first)
        return float(np.sqrt(max(0.0, np.linalg.eigvalsh(gram)[-1])))
    scaled = scaled.tocsr()
    transposed = scaled.T.tocsr()

    def apply(x: Floats) -> Floats:
        x = np.asarray(x).ravel()
        return transposed @ (scaled @ x) - first * float(first @ x)

    operator = LinearOperator((len(c), len(c)), matvec=apply, dtype=np.float64)
    start = np.cos(np.arange(1, len(c) + 1))
    value = eigsh(operator, k=1, which="LA", v0=start, tol=tolerance, return_eigenvectors=False)[0]
    return float(np.sqrt(max(0.0, value)))


def observed_rate(history: Sequence[Step], *, window: int = 10) -> float | None:
    """The factor by which a full iteration shrank the keyword margin's L1 error, geometric mean of the last `window`.

    Taken over half steps "x" whose error is above 1e-13, where rounding does not matter yet; None for fewer than two.
    """
    errors = [step.column_l1 for step in history if step.side == "x" and step.column_l1 is not None]
    errors = [error for error in errors if error > 1e-13]
    if len(errors) < 2:
        return None
    back = min(window, len(errors) - 1)
    return float((errors[-1] / errors[-1 - back]) ** (1.0 / back))
