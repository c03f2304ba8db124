"""Minibatches balanced to known marginals, half step by half step, and what that makes of their means.

A minibatch of n pairs has the empirical measure `P_n` on cells (x, y). Half step 1 sets its marginal on X to the known
one, half step 2 that on Y, and so on: `P_n^(k)`. The estimate of `E h` is `Σ_i w_i h_i` with `w_i = P_n^(k) / (n P_n)`
at the pair's cell: the estimator of Theorem 1 of *The Benefits of Balance*, whose variance is `σ_k² / n` for large n.
"""

from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Int64s


@dataclass(frozen=True)
class Population:
    """All pairs, each equally likely.

    Attributes:
        x: `[N]`, the value of X of every pair.
        y: `[N]`, that of Y.
        h: `[N, f]`, the test functions.
    """

    x: Int64s
    y: Int64s
    h: Floats

    @property
    def marginals(self) -> tuple[Floats, Floats]:
        """The known marginals of X and Y."""
        return np.bincount(self.x) / len(self.x), np.bincount(self.y) / len(self.y)


def balanced_cells(sample: Floats, p_x: Floats, p_y: Floats, steps: int) -> Floats:
    """`P_n^(0), …, P_n^(k)` of measures on cells, `[k + 1, r, a, b]`; half steps on x, y, x, ….

    A value that a sample does not hold cannot be given mass: the others then share it in proportion to their targets.

    Args:
        sample: `[r, a, b]`, measures.
        p_x: `[a]`, sums to 1.
        p_y: `[b]`, sums to 1.
        steps: k.
    """
    found = [sample]
    for step in range(steps):
        axis, target = (2, p_x[:, None]) if step % 2 == 0 else (1, p_y[None, :])
        margin = found[-1].sum(axis=axis, keepdims=True)
        wanted = np.where(margin > 0, target, 0.0)
        wanted /= wanted.sum(axis=3 - axis, keepdims=True)
        found.append(found[-1] * np.divide(wanted, margin, out=np.zeros_like(margin), where=margin > 0))
    return np.stack(found)


def batch_weights(population: Population, rows: Int64s, steps: int) -> Floats:
    """`w` of every pair of minibatches, `[k + 1, r, n]`; each minibatch's sum to 1.

    Args:
        population: with the known marginals.
        rows: `[r, n]`, the pairs of each minibatch.
        steps: k.
    """
    p_x, p_y = population.marginals
    cell = population.x[rows] * len(p_y) + population.y[rows]
    batch = np.arange(len(rows))[:, None]
    size = len(p_x) * len(p_y)
    counts = np.bincount((batch * size + cell).ravel(), minlength=len(rows) * size).reshape(len(rows), size)
    cells = balanced_cells(counts.reshape(-1, len(p_x), len(p_y)) / rows.shape[1], p_x, p_y, steps)
    weights: Floats = cells.reshape(steps + 1, len(rows), size)[:, batch, cell] / counts[batch, cell]
    return weights


def batch_means(population: Population, rows: Int64s, steps: int) -> Floats:
    """The estimates of `E h` of minibatches `[r, n]`, `[k + 1, r, f]`."""
    means = np.empty((steps + 1, len(rows), population.h.shape[1]))
    weights = batch_weights(population, rows, steps)
    for number, pairs in enumerate(rows):
        means[:, number] = weights[:, number] @ population.h[pairs]
    return means


def offline_means(
    population: Population, rows: Int64s, steps: int, *, batch: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Of corpora that are weighted once: the weighted means of all of each, and of one minibatch drawn by the weights.

    Both are `[k + 1, r, f]`. The same uniform numbers draw the minibatches of every k.

    Args:
        population: with the known marginals.
        rows: `[r, n]`, the pairs of each corpus.
        steps: k.
        batch: pairs of a minibatch.
        generator: of the draws.
    """
    weights = batch_weights(population, rows, steps)
    whole = np.empty((steps + 1, len(rows), population.h.shape[1]))
    drawn = np.empty_like(whole)
    for number, pairs in enumerate(rows):
        held = population.h[pairs]
        whole[:, number] = weights[:, number] @ held
        uniform = generator.random(batch)
        for k in range(steps + 1):
            place = np.searchsorted(np.cumsum(weights[k, number]), uniform)
            drawn[k, number] = held[np.minimum(place, len(pairs) - 1)].mean(axis=0)
    return whole, drawn


@dataclass(frozen=True)
class Ratio:
    """A variance relative to that of k = 0, with its interval over minibatches."""

    value: Floats
    low: Floats
    high: Floats


def variance_ratios(means: Floats, *, resamples: int, confidence: float, generator: np.random.Generator) -> Ratio:
    """`Var_k / Var_0` of estimates `[k + 1, r, f]`, variances summed over f; percentile bootstrap over r.

    Args:
        means: the estimates; those of one r are of the same pairs, so that they are resampled together.
        resamples: how often.
        confidence: the coverage aimed at.
        generator: of the resamples.
    """
    count = means.shape[1]
    squares = ((means - means.mean(axis=1, keepdims=True)) ** 2).sum(axis=2)  # [k + 1, r]
    copies = generator.multinomial(count, np.full(count, 1 / count), size=resamples)
    # A resample's own mean moves too: its square, of order 1 / r of the variance, is left out on both sides.
    sums = copies @ squares.T  # [resamples, k + 1]
    ratios = sums / sums[:, :1]
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail], axis=0)
    total = squares.sum(axis=1)
    return Ratio(total / total[0], low, high)
