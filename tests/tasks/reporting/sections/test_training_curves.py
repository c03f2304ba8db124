"""Curves of what was measured, and the table of budgets."""

import numpy as np
import polars as pl

from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.training_curves import TrainingRun, training_figure


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
