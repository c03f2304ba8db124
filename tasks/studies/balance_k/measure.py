"""All that the study `balance-k` measures, in the order of its page."""

from collections.abc import Callable

import numpy as np
import torch

from storage.errors import InputError
from storage.record.stats import Stats
from tasks.arrays import Float32s, Floats
from tasks.balancing.theory.pair_measure import PairMeasure
from tasks.balancing.theory.variance import predicted_variance
from tasks.studies.balance_k.cells import clusters
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.balance_k.contrast import contrast_marginals, contrast_spread
from tasks.studies.balance_k.half_steps import Population, Ratio, batch_means, offline_means, variance_ratios
from tasks.studies.balance_k.pair_losses import pair_losses
from tasks.training.models.heads import Heads

QUANTITIES = ("loss", "gradient")


class Ratios(Stats):
    """Variances relative to that of k = 0, for k = 0, 1, …, with their intervals."""

    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Series(Stats):
    """One way of balancing.

    Attributes:
        name: the way, in words.
        size: pairs n that are balanced together.
        samples: how many times.
        measured: by quantity, the ratios of variances.
        start: by quantity, `n Var_0 / σ_0²`, which the theorem has at 1.
        bias: by quantity, the squared bias over the variance, for each k.
    """

    name: str
    size: int
    samples: int
    measured: dict[str, Ratios]
    start: dict[str, float]
    bias: dict[str, tuple[float, ...]]


class Contrast(Stats):
    """The contrast matrix of minibatches, for k = 0, 1, ….

    Attributes:
        batch: its size.
        samples: minibatches.
        signal: the gradient's squared mean over its variance.
        loss: the loss, mean over minibatches.
        deviation: standard deviation of the loss over minibatches.
        rows: by the side of the first half step, sorted row sums of one matrix after k = 0, 1, 2; 1 where balanced.
        columns: the same of its columns.
    """

    batch: int
    samples: int
    signal: Ratios
    loss: tuple[float, ...]
    deviation: tuple[float, ...]
    rows: dict[str, tuple[tuple[float, ...], ...]]
    columns: dict[str, tuple[tuple[float, ...], ...]]


class BalanceKNumbers(Stats):
    """What was measured.

    Attributes:
        pairs: in the population.
        predicted: by quantity, `σ_k² / σ_0²` of the theorem.
        explained: the share of the loss's variance that lies between cells.
        in_batch: minibatches that are balanced, each by itself.
        offline: corpora that are balanced once, and minibatches drawn from them.
        contrast: balancing the contrast matrix.
    """

    pairs: int
    predicted: dict[str, tuple[float, ...]]
    explained: float
    in_batch: tuple[Series, ...]
    offline: tuple[Series, ...]
    contrast: Contrast


def measure(
    config: BalanceKConfig, heads: Heads, image: Float32s, text: Float32s, *, report: Callable[[str], None]
) -> BalanceKNumbers:
    """Predicted and measured variances for every number of half steps.

    Args:
        config: sizes and repetitions.
        heads: at the point where variances are looked at.
        image: features of all pairs `[n, d]`.
        text: features of all pairs `[n, e]`.
        report: told what is done.

    Raises:
        InputError: there are fewer pairs than a minibatch has, or than clusters.
    """
    if len(image) < max(config.contrast_batch, *config.batches):
        raise InputError(f"a minibatch has up to {max(config.batches)} pairs, but there are only {len(image)} in all")
    pictures, captions = torch.from_numpy(image), torch.from_numpy(text)
    population = Population(
        clusters(image, config.image_clusters, seed=config.seed),
        clusters(text, config.text_clusters, seed=config.seed),
        pair_losses(heads, pictures, captions, directions=config.directions, seed=config.seed),
    )
    report("the theorem's variances")
    variance = theory(population, config.half_steps)
    predicted = {name: tuple((each / each[0]).tolist()) for name, each in variance.items()}
    generator = np.random.default_rng(config.seed)
    in_batch = []
    for size in config.batches:
        report(f"minibatches of {size}")
        rows = generator.integers(len(image), size=(config.repetitions, size))
        means = batch_means(population, rows, config.half_steps)
        in_batch.append(_series(f"minibatches of {size}, each balanced", size, means, population, variance, config))
    report("corpora that are weighted once")
    rows = generator.integers(len(image), size=(config.corpora, config.corpus))
    batch = config.batches[0]
    whole, drawn = offline_means(population, rows, config.half_steps, batch=batch, generator=generator)
    offline = (
        _series(f"corpora of {config.corpus}, each balanced", config.corpus, whole, population, variance, config),
        _series(f"minibatches of {batch} from a balanced corpus", batch, drawn, population, variance, config),
    )
    report("contrast matrices")
    return BalanceKNumbers(
        pairs=len(image),
        predicted=predicted,
        explained=float(1 - _within(population) / population.h[:, 0].var()),
        in_batch=tuple(in_batch),
        offline=offline,
        contrast=_contrast(config, heads, pictures, captions, generator),
    )


def theory(population: Population, steps: int) -> dict[str, Floats]:
    """`σ_0², …, σ_k²` of the loss and of the gradient, the latter summed over its components."""
    count = len(population.x)
    p_x, p_y = population.marginals
    measure = PairMeasure(population.x, population.y, np.full(count, 1 / count), len(p_x), len(p_y))
    each = np.array([predicted_variance(measure, h, steps).variance for h in population.h.T])
    return {"loss": each[0], "gradient": each[1:].sum(axis=0)}


def _within(population: Population) -> float:
    """The loss's variance within cells."""
    cell = population.x * (population.y.max() + 1) + population.y
    loss = population.h[:, 0]
    mean = np.bincount(cell, loss) / np.maximum(np.bincount(cell), 1)
    return float(((loss - mean[cell]) ** 2).mean())


def _series(
    name: str, size: int, means: Floats, population: Population, variance: dict[str, Floats], config: BalanceKConfig
) -> Series:
    parts = {"loss": slice(0, 1), "gradient": slice(1, None)}
    measured, start, bias = {}, {}, {}
    for quantity, part in parts.items():
        values = means[:, :, part]
        found = variance_ratios(
            values, resamples=config.resamples, confidence=config.confidence,
            generator=np.random.default_rng([config.seed, size]),
        )  # fmt: skip
        spread = values.var(axis=1, ddof=1).sum(axis=1)
        off = ((values.mean(axis=1) - population.h[:, part].mean(axis=0)) ** 2).sum(axis=1)
        measured[quantity] = _ratios(found)
        start[quantity] = float(size * spread[0] / variance[quantity][0])
        bias[quantity] = tuple(
            np.maximum(off / spread - 1 / means.shape[1], 0).tolist()
        )  # without the mean's own error
    return Series(name=name, size=size, samples=means.shape[1], measured=measured, start=start, bias=bias)


def _contrast(
    config: BalanceKConfig, heads: Heads, image: torch.Tensor, text: torch.Tensor, generator: np.random.Generator
) -> Contrast:
    batches = np.stack(
        [generator.choice(len(image), config.contrast_batch, replace=False) for _ in range(config.contrasts)]
    )
    spread = contrast_spread(heads, image, text, batches, config.half_steps, confidence=config.confidence)
    with torch.no_grad():
        shown = batches[0]
        logits = heads.logit_scale.exp() * (
            heads.encode_image(image[shown], True) @ heads.encode_text(text[shown], True).T
        )
    rows, columns = {}, {}
    for side in ("rows", "columns"):
        sums = contrast_marginals(logits, 2, rows_first=side == "rows")
        rows[side], columns[side] = (
            tuple(tuple(np.sort(each)[::-1].tolist()) for each in steps) for steps in sums
        )  # fmt: skip
    return Contrast(
        batch=config.contrast_batch,
        samples=config.contrasts,
        signal=Ratios(value=tuple(spread.signal), low=tuple(spread.low), high=tuple(spread.high)),
        loss=tuple(spread.loss.mean(axis=1)),
        deviation=tuple(spread.loss.std(axis=1, ddof=1)),
        rows=rows,
        columns=columns,
    )


def _ratios(found: Ratio) -> Ratios:
    return Ratios(value=tuple(found.value), low=tuple(found.low), high=tuple(found.high))
