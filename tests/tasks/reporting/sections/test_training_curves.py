"""Curves of what was measured, and the table of budgets."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from storage.record.manifest import Manifest
from storage.record.stats import as_json
from tasks.reporting.config import RunLabel
from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.training_curves import TrainingRun, read_trainings, training_figure, training_row
from tests.tasks.reporting.conftest import Inputs
from tests.tasks.reporting.figures import clip_stats


def test_training_curves_show_what_was_measured() -> None:
    steps = np.arange(1, 31)
    metrics = pl.DataFrame(
        {
            "step": steps,
            "examples": steps * 8,
            "loss": 1 / steps,
            "contrastive": 1 / steps,
            "learning_rate": 1e-3 / steps,
            "logit_scale": np.full(30, 14.3),
            "image_tree": [None, float("nan")] * 15,
            "text_norm": np.sqrt(steps),
        }
    )
    with drawing():
        figure = training_figure([TrainingRun("original", 0, "train", metrics)])
    assert figure is not None
    titles = [axis.get_title("left") for axis in figure.axes if axis.get_visible()]
    assert titles == ["loss", "mean norm, texts"]  # neither constants, nor what is given, nor what is missing
    with drawing():
        assert training_figure([]) is None


def test_curves_are_smoothed_without_inventing_ends() -> None:
    steps = np.arange(1, 101)
    metrics = pl.DataFrame({"step": steps, "loss": 2.0 * steps})
    with drawing():
        figure = training_figure([TrainingRun("original", 0, "train", metrics)], smoothing=0.05)
    assert figure is not None
    (line,) = figure.axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), 2 * np.asarray(line.get_xdata()))  # a line stays a line
    assert [float(x) for x in line.get_xdata()[[0, -1]]] == pytest.approx([3, 98])


def test_trainings_are_read_and_grouped(inputs: Inputs, tmp_path: Path) -> None:
    found = read_trainings(inputs.training.models, inputs.workspace(tmp_path))
    assert list(found.stages) == ["train"]
    assert {variant: [row.seed for row in rows] for variant, rows in found.stages["train"].items()} == {
        "original": [0, 1], "balanced": [0, 1]
    }  # fmt: skip
    assert {stage: len(runs) for stage, runs in found.curves.items()} == {"train": 4}
    for row, run in zip(found.rows, found.runs, strict=True):
        assert row.final_loss == pytest.approx(run.metrics["loss"][-20:].mean()) and row.steps == len(run.metrics)


@pytest.mark.parametrize("stage", ["train", "finetune", "train_heads"])
def test_every_kind_of_training_has_its_row(stage: str) -> None:
    """Heads have no figure of missing images; all have a budget."""
    figures = as_json(clip_stats(final_loss=0.25))
    if stage == "train_heads":
        del figures["without_image"]
    model = Manifest(stage=stage, key="k", digest="d", files=(), code="c", stats=figures, created=datetime.now(UTC))
    row = training_row(RunLabel(variant="heads k=1, balanced", seed=3), model)
    assert (row.stage, row.seed, row.steps, row.final_loss, row.predicted_norm) == (stage, 3, 50, 0.25, 106.75)
