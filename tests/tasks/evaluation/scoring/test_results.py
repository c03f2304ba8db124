"""What an evaluation leaves: the tables' columns, strict JSON, and figures that come back from a manifest."""

import json
from pathlib import Path

import numpy as np
import pytest

from storage.tables.shards import read_table
from tasks.evaluation.scoring.answers import Classification, Retrieval
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.results import answer_table, figures, write_results
from tasks.evaluation.scoring.scores import scores_of
from tasks.evaluation.stats import BenchmarkStats

CLASSES = Classification(np.array([0, 1, 1]), np.array([[0, 1], [0, 1], [1, 0]]), acc1=2 / 3, acc5=None)
CAPTIONS = Retrieval(np.array([0, 0, 1]), {1: np.array([True, False, True])}, {1: np.array([True, True])})


@pytest.mark.parametrize(
    ("answers", "names", "columns"),
    [(CLASSES, ["a", "b"], ["index", "label", "prediction"]), (CAPTIONS, [], ["index", "image", "found@1"])],
)
def test_both_kinds(tmp_path: Path, answers: Classification | Retrieval, names: list[str], columns: list[str]) -> None:
    scores = scores_of(answers, names, Bootstrap(resamples=100))
    write_results(tmp_path, answer_table(answers), scores.to_json(dataset="d", model="m", pretrained="p"))
    assert read_table(tmp_path / "predictions.parquet").column_names == columns
    assert json.loads((tmp_path / "scores.json").read_text())["metrics"] == scores.metrics
    kept = BenchmarkStats.model_validate(figures(scores) | {"benchmark": "b"})
    assert kept.value == scores.metrics[scores.primary] and kept.metrics == scores.metrics


def test_a_number_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_results(tmp_path, answer_table(CLASSES), {"value": float("nan")})
