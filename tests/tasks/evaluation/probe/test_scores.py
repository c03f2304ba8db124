"""The probe's scores have the shape of zero-shot ones; classes are named by their labels."""

import numpy as np
import pytest
import torch

from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.linear import Labelled, linear_probe
from tasks.evaluation.probe.scores import probe_json, probe_scores
from tasks.evaluation.scoring.intervals import Bootstrap

LABELS = np.array([0, 0, 4, 4, 7])


def test_accuracy_recall_and_neighbours() -> None:
    ranking = np.array([[0, 4], [4, 0], [4, 7], [4, 0], [0, 7]])
    scores = probe_scores(LABELS, ranking, np.array([0, 0, 4, 7, 0]), Bootstrap(resamples=200))
    assert scores.task == "linear_probe"
    assert scores.metrics == pytest.approx(
        {"acc1": 0.6, "acc5": None, "mean_per_class_recall": (0.5 + 1 + 0) / 3, "knn_acc1": 0.6}
    )
    assert [(each.name, each.images) for each in scores.classes] == [("0", 2), ("4", 2), ("7", 1)]
    assert scores.intervals["knn_acc1"].low <= 0.6 <= scores.intervals["knn_acc1"].high


def test_top_five_counts_a_label_anywhere_in_the_ranking() -> None:
    ranking = np.array([[1, 2, 3, 4, 0], [1, 2, 3, 4, 5], [4, 0, 1, 2, 3], [0, 1, 2, 3, 5], [7, 0, 1, 2, 3]])
    assert probe_scores(LABELS, ranking, LABELS, Bootstrap(resamples=200)).metrics["acc5"] == pytest.approx(0.6)


def test_the_result_file_says_how_the_penalty_was_chosen() -> None:
    labels = torch.arange(60) % 3
    noise = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    examples = Labelled(np.arange(60, dtype=np.uint64), torch.nn.functional.one_hot(labels, 4) + 0.2 * noise, labels)
    linear = linear_probe(examples, ProbeConfig(penalties=(1e-2, 1.0)))
    ranking = linear.ranking(examples.features).numpy()
    scores = probe_scores(labels.numpy(), ranking, labels.numpy(), Bootstrap(resamples=200))
    found = probe_json(scores, linear, pretrained="x", effective_rank=2.5)
    assert found["effective_rank"] == 2.5
    assert [candidate["penalty"] for candidate in found["probe"]["candidates"]] == [1.0, 1e-2]
    assert found["probe"]["penalty"] == linear.fit.penalty and found["probe"]["penalty_at_edge"]
