"""Scores as evaluation leaves them."""

from pathlib import Path

import numpy as np
import pytest

from tasks.reporting.config import Cell
from tasks.reporting.inputs.measurements import Measurement, read_measurement
from tests.tasks.reporting.conftest import Inputs


def test_answers_and_recalls_agree_with_the_metric(inputs: Inputs, tmp_path: Path) -> None:
    cell = Cell(variant="balanced", seed=1, benchmark="shape")
    found = read_measurement(cell, inputs.scores[1], inputs.workspace(tmp_path))
    assert (found.variant, found.seed, found.benchmark, found.choices) == ("balanced", 1, "shape", 3)
    assert found.answers is not None
    recalls = [found.answers.correct[found.answers.label == index].mean() for index in range(3)]
    np.testing.assert_allclose(found.recalls, recalls)
    assert found.value == pytest.approx(np.mean(recalls))
    assert found.metrics["acc1"] == pytest.approx(found.answers.correct.mean())


def test_the_value_is_the_primary_metric() -> None:
    measured = Measurement("v", 0, "b", "recall@5", {"recall@1": 0.1, "recall@5": 0.4}, images=10)
    assert measured.value == 0.4 and measured.answers is None
