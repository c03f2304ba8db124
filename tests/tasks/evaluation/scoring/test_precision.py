"""Mean average precision under resampling, against clip-benchmark's function on the resampled images themselves."""

import numpy as np
import pytest
import torch
from clip_benchmark.metrics.zeroshot_classification import average_precision_per_class
from sklearn.metrics import average_precision_score

from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.precision import mean_precision_interval, weighted_precision


def examples(n: int = 60, c: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    truth = generator.random((n, c)) < 0.3
    scores = (truth + generator.standard_normal((n, c))).astype(np.float32)
    return scores, truth


def test_weights_of_one_are_the_average_precision() -> None:
    scores, truth = examples()
    order = np.argsort(-scores[:, 0])
    ours = weighted_precision(np.ones((2, 60)), truth[order, 0])
    theirs = average_precision_per_class(torch.from_numpy(scores), torch.from_numpy(truth).long())[0]
    assert ours == pytest.approx([float(theirs)] * 2, abs=1e-6)
    assert ours[0] == pytest.approx(average_precision_score(truth[:, 0], scores[:, 0]), abs=1e-9)
    assert weighted_precision(np.ones((2, 60)), np.zeros(60, bool)).tolist() == [0, 0]


def test_weights_of_zero_leave_images_out() -> None:
    scores, truth = examples()
    kept = np.arange(60) % 3 > 0
    order = np.argsort(-scores[:, 1])
    ours = weighted_precision(kept[order][None].astype(float), truth[order, 1])
    theirs = average_precision_score(truth[kept, 1], scores[kept, 1])
    assert ours[0] == pytest.approx(theirs, abs=1e-9)


def test_the_interval_is_that_of_resampled_images() -> None:
    scores, truth = examples(n=200)
    interval = mean_precision_interval(scores, truth, Bootstrap(resamples=2000, seed=1))
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(500):
        drawn = np.unique(generator.integers(200, size=200), return_counts=True)
        weights = np.repeat(*drawn)
        draws.append(average_precision_score(truth[weights], scores[weights], average="macro"))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.02)
    assert interval.units == 200 and interval.over == "images"
    point = average_precision_score(truth, scores, average="macro")
    assert interval.low < point < interval.high
