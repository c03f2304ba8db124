"""The figures of a training: what was spent, and where T-REG would lead the norms."""

import pyarrow as pa
import pytest

from tasks.training.config import HeadsConfig, RegulariserConfig
from tasks.training.loop.figures import budget, training_figures
from tasks.training.loop.fit import Fitted

COLUMNS = ("loss", "contrastive", "logit_scale", "image_norm", "text_norm", "image_tree", "text_tree")


def fitted() -> Fitted:
    values = {name: pa.array([None if name == "image_tree" else float(step) for step in range(40)]) for name in COLUMNS}
    return Fitted(steps=40, examples_seen=640, resumed_at=7, metrics=pa.table(values))


def test_a_budget() -> None:
    spent = budget(fitted(), 100, 1.23456)
    assert (spent.steps, spent.examples_seen, spent.distinct_examples, spent.resumed_at) == (40, 640, 100, 7)
    assert spent.seconds == 1.235 and spent.final_loss == pytest.approx(sum(range(20, 40)) / 20)


def test_what_was_not_measured_is_none_and_norms_settle_only_under_tregs() -> None:
    plain = training_figures(fitted(), 100, 1.0, HeadsConfig())
    assert plain.image_tree is None and plain.text_tree == plain.final_loss and plain.predicted_norm is None
    pulled = HeadsConfig(batch=128, regulariser=RegulariserConfig(kind="tregs", gamma=0.2, lambda_=0.1))
    expected = 1 + (0.2 / 0.2) * (2 * 127 / 128) ** 0.5
    assert training_figures(fitted(), 100, 1.0, pulled).predicted_norm == pytest.approx(expected)
