"""Training as it went: the loss and whatever else was measured, a panel a quantity, a colour a variant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Floats
from tasks.reporting.config import RunLabel
from tasks.reporting.inputs.stage_outputs import Trained
from tasks.reporting.inputs.tables import read_frame
from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import WIDE, blank, logarithmic, variant_colours
from tasks.training.stats import ClipStats, TrainingStats

# Column of metrics.parquet → heading and whether its axis is logarithmic.
QUANTITIES = {
    "loss": ("loss", False),
    "contrastive": ("loss without T-REG", False),
    "logit_scale": ("logit scale", False),
    "gradient_norm": ("gradient norm", True),
    "image_norm": ("mean norm, images", True),
    "text_norm": ("mean norm, texts", True),
    "image_tree": ("tree length / n, images", False),
    "text_tree": ("tree length / n, texts", False),
    "invariance": ("distance of two views", True),
    "first_norm": ("mean norm, first view", True),
    "second_norm": ("mean norm, second view", True),
    "first_tree": ("tree length / n, first view", True),
    "second_tree": ("tree length / n, second view", True),
    "rank": ("effective directions", False),
    "spread": ("spread, 0 at a point", False),
}
# Kind of training → its figures.
FIGURES: Mapping[str, type[TrainingStats]] = {"train": ClipStats, "finetune": ClipStats, "train_heads": TrainingStats}
# Not measurements: the axes, and what the configuration has set.
GIVEN = ("step", "examples", "learning_rate")


@dataclass(frozen=True)
class TrainingRow:
    """One training: budget and end.

    Attributes:
        variant: the data trained on.
        seed: of the training.
        stage: the kind of training.
        steps: optimiser steps.
        examples_seen: rows seen, a repeat counting each time.
        distinct: different rows.
        final_loss: mean over the last steps.
        image_norm: mean norm of the images' embeddings, over the last steps.
        text_norm: of the texts'.
        predicted_norm: where T-REG would let them settle.
    """

    variant: str
    seed: int
    stage: str
    steps: int
    examples_seen: int
    distinct: int
    final_loss: float | None
    image_norm: float | None
    text_norm: float | None
    predicted_norm: float | None


@dataclass(frozen=True)
class TrainingRun:
    """One training's measurements.

    Attributes:
        variant: the data trained on.
        seed: of the training.
        stage: the kind of training.
        metrics: a row a step.
    """

    variant: str
    seed: int
    stage: str
    metrics: pl.DataFrame


@dataclass(frozen=True)
class Trainings:
    """The section: budget and end of each training, and its measurements."""

    rows: tuple[TrainingRow, ...] = ()
    runs: tuple[TrainingRun, ...] = field(default=(), compare=False)

    @property
    def stages(self) -> dict[str, dict[str, list[TrainingRow]]]:
        """The rows by kind of training and variant."""
        groups: dict[str, dict[str, list[TrainingRow]]] = {}
        for row in self.rows:
            groups.setdefault(row.stage, {}).setdefault(row.variant, []).append(row)
        return groups

    @property
    def curves(self) -> dict[str, list[TrainingRun]]:
        """The measurements by kind of training."""
        groups: dict[str, list[TrainingRun]] = {}
        for run in self.runs:
            groups.setdefault(run.stage, []).append(run)
        return groups


def read_trainings(models: Sequence[Trained], work: Workspace) -> Trainings:
    """From the outputs of trainings."""
    return Trainings(
        tuple(training_row(each.run, each.model) for each in models),
        tuple(
            TrainingRun(
                each.run.variant, each.run.seed, each.model.stage,
                read_frame([work.path(each.model, "metrics.parquet")]),
            )
            for each in models
        ),
    )  # fmt: skip


def training_row(run: RunLabel, model: Manifest) -> TrainingRow:
    """A row of the training table, from the figures of a training."""
    figures = FIGURES[model.stage].of(model)
    return TrainingRow(
        variant=run.variant,
        seed=run.seed,
        stage=model.stage,
        steps=figures.steps,
        examples_seen=figures.examples_seen,
        distinct=figures.distinct_examples,
        final_loss=figures.final_loss,
        image_norm=figures.image_norm,
        text_norm=figures.text_norm,
        predicted_norm=figures.predicted_norm,
    )


def training_figure(runs: Sequence[TrainingRun], width: float = WIDE, *, smoothing: float = 0.02) -> Figure | None:
    """A panel for each quantity that some run measured and that is not constant; thin lines are seeds.

    Args:
        runs: the trainings.
        width: of the figure, in inches.
        smoothing: length of the moving average, as a share of the run; single steps are noise.
    """
    quantities = [name for name in _ordered(runs) if _varies(runs, name)]
    if not quantities:
        return None
    variants = list(dict.fromkeys(run.variant for run in runs))
    colours = variant_colours(variants)
    columns = min(3 if width >= WIDE else 1, len(quantities))
    rows = -(-len(quantities) // columns)
    figure, axes = blank(width, 0.35 + 1.75 * rows, rows=rows, columns=columns)
    named: set[str] = set()
    for axis, name in zip(axes, quantities, strict=False):
        title, log_scale = QUANTITIES.get(name, (name.replace("_", " "), False))
        for run in runs:
            steps, values = _series(run.metrics, name)
            if len(steps):
                label = None if run.variant in named else displayed(run.variant, LABEL_LENGTH)
                named.add(run.variant)
                axis.plot(
                    *_smooth(steps, values, smoothing), color=colours[run.variant], linewidth=1, alpha=0.8, label=label
                )
        if log_scale:
            axis.set_yscale("log")
            logarithmic(axis.yaxis)
        axis.set_title(displayed(title, 2 * LABEL_LENGTH))
        if quantities.index(name) + columns >= len(quantities):
            axis.set_xlabel("step")
        axis.locator_params(axis="x", nbins=4)
        if not log_scale:
            axis.locator_params(axis="y", nbins=5)
    for axis in axes[len(quantities) :]:
        axis.set_visible(False)
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def _ordered(runs: Sequence[TrainingRun]) -> list[str]:
    present = dict.fromkeys(
        name for run in runs for name, kind in run.metrics.schema.items() if kind.is_numeric() and name not in GIVEN
    )
    return [name for name in QUANTITIES if name in present] + [name for name in present if name not in QUANTITIES]


def _varies(runs: Sequence[TrainingRun], name: str) -> bool:
    if name == "contrastive" and all(_equal(run.metrics, "contrastive", "loss") for run in runs):
        return False  # without a regulariser it is the loss itself
    return any(len(values) > 1 and np.ptp(values) > 0 for _, values in (_series(run.metrics, name) for run in runs))


def _equal(metrics: pl.DataFrame, left: str, right: str) -> bool:
    return np.array_equal(_series(metrics, left)[1], _series(metrics, right)[1])


def _series(metrics: pl.DataFrame, name: str) -> tuple[Floats, Floats]:
    if name not in metrics.columns:
        return np.empty(0), np.empty(0)
    steps = metrics["step"] if "step" in metrics.columns else pl.Series(np.arange(1, len(metrics) + 1))
    table = pl.DataFrame({"step": steps.cast(pl.Float64), "value": metrics[name].cast(pl.Float64)})
    table = table.filter(pl.col("value").is_finite())
    return table["step"].to_numpy(), table["value"].to_numpy()


def _smooth(steps: Floats, values: Floats, share: float) -> tuple[Floats, Floats]:
    """A centred moving average; its ends are left out rather than invented."""
    width = max(1, round(share * len(values)))
    if width == 1:
        return steps, values
    kernel = np.full(width, 1 / width)
    return np.convolve(steps, kernel, "valid"), np.convolve(values, kernel, "valid")
