"""From answers to scores: by hand, and scikit-learn's recall of the classes that have images."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from tasks.evaluation.scoring.answers import Classification, Retrieval
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.scores import class_counts, classification_scores, retrieval_scores

BOOTSTRAP = Bootstrap(resamples=200)
LABEL = np.array([0, 0, 0, 1, 1, 3, 3, 3, 3, 3])
RANKING = np.array([[0, 1], [0, 2], [1, 0], [1, 0], [2, 1], [3, 0], [3, 1], [3, 2], [0, 3], [2, 0]])
ANSWERS = Classification(LABEL, RANKING, acc1=0.6, acc5=None)


def test_recalls_are_those_of_the_classes_that_have_images() -> None:
    scores = classification_scores(ANSWERS, ["cat", "dog", "none", "owl"], BOOTSTRAP)
    assert [(each.name, each.images) for each in scores.classes] == [("cat", 3), ("dog", 2), ("owl", 5)]
    assert [each.recall for each in scores.classes] == pytest.approx([2 / 3, 1 / 2, 3 / 5])
    assert scores.metrics["mean_per_class_recall"] == pytest.approx(balanced_accuracy_score(LABEL, ANSWERS.prediction))
    assert (scores.primary, scores.images, scores.choices) == ("mean_per_class_recall", 10, 4)
    assert scores.metrics["acc5"] is None and "acc5" not in scores.intervals
    for name, interval in scores.intervals.items():
        assert interval.low <= scores.metrics[name] <= interval.high and interval.units == 10


def test_top_five_has_an_interval_where_it_exists() -> None:
    scores = classification_scores(replace(ANSWERS, acc5=0.8), ["a", "b", "c", "d"], BOOTSTRAP)
    assert scores.intervals["acc5"].low <= 0.8 <= scores.intervals["acc5"].high


def test_class_counts_leave_out_classes_without_an_image() -> None:
    present, correct, total = class_counts(LABEL, ANSWERS.prediction)
    assert (present.tolist(), correct.tolist(), total.tolist()) == ([0, 1, 3], [2, 1, 3], [3, 2, 5])


def test_retrieval_counts_captions_one_way_and_images_the_other() -> None:
    found = Retrieval(
        image_of_text=np.array([0, 0, 0, 1, 2]),
        found_image={1: np.array([True, False, False, True, False]), 2: np.array([True, True, True, True, False])},
        found_text={1: np.array([True, False, False])},
    )
    scores = retrieval_scores(found, BOOTSTRAP)
    assert scores.metrics == pytest.approx(
        {"image_retrieval_recall@1": 0.4, "image_retrieval_recall@2": 0.8, "text_retrieval_recall@1": 1 / 3}
    )
    assert (scores.primary, scores.images, scores.choices) == ("image_retrieval_recall@1", 3, 0)
    assert {interval.units for interval in scores.intervals.values()} == {3}  # captions of one image go together


def test_the_result_file_is_strict_json_with_clip_benchmarks_keys_first() -> None:
    scores = classification_scores(ANSWERS, ["a", "b", "c", "d"], BOOTSTRAP)
    content = scores.to_json(dataset="wds/x", model="m", pretrained="p")
    assert list(content)[:6] == ["dataset", "model", "pretrained", "task", "metrics", "language"]
    again = json.loads(json.dumps(content, allow_nan=False))
    assert again["classes"][0] == {"name": "a", "images": 3, "recall": 2 / 3}
    assert again["intervals"]["acc1"]["over"] == "images"
