"""Means, paired differences and their intervals, against scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tasks.reporting.sections.scores.scores import Scores, compare, summarise
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured


def test_summary_over_seeds_is_the_t_interval() -> None:
    values = [0.5, 0.6, 0.62]
    (summary,) = summarise([measured("v", seed, value) for seed, value in enumerate(values)], BOOTSTRAP)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert summary.mean == pytest.approx(np.mean(values))
    assert summary.over_seeds is not None and summary.over_images is not None
    assert (summary.over_seeds.low, summary.over_seeds.high) == pytest.approx((theirs.low, theirs.high))
    assert summary.over_images.low < summary.mean < summary.over_images.high
    assert summary.seeds == ((0, 0.5), (1, 0.6), (2, 0.62))
    assert summary.metrics["acc5"] is None
    assert summary.chance == pytest.approx(1 / 3)


def test_difference_is_paired_by_seed() -> None:
    # Seeds differ widely, the gain hardly: only the paired interval can see it.
    low, high = (0.3, 0.5, 0.7), (0.35, 0.56, 0.75)
    ours = [measured("b", seed, value) for seed, value in enumerate(high)]
    theirs = [measured("a", seed, value) for seed, value in enumerate(low)]
    (difference,) = compare([*theirs, *ours], [("b", "a"), ("b", "absent")], BOOTSTRAP)
    expected = stats.ttest_rel(high, low).confidence_interval(0.95)
    assert difference.over_seeds is not None
    assert (difference.over_seeds.low, difference.over_seeds.high) == pytest.approx((expected.low, expected.high))
    assert difference.distinguishable and difference.verdict == "gain"


def test_only_shared_seeds_are_compared() -> None:
    scored = [measured("a", 0, 0.5), measured("a", 1, 0.9), measured("b", 0, 0.6)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.seeds == ((0, pytest.approx(0.1)),)
    assert difference.over_seeds is None
    assert difference.decisive is difference.over_images


def test_other_images_are_not_paired() -> None:
    scored = [measured("a", 0, 0.5), measured("b", 0, 0.6, images=303)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.decisive is None and not difference.distinguishable
    assert difference.verdict == "no interval"


def test_equal_models_are_not_distinguishable() -> None:
    scored = [measured(variant, seed, 0.5) for variant in ("a", "b") for seed in (0, 1)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.mean == 0 and not difference.distinguishable
    assert difference.verdict == "not distinguishable"


def test_a_loss_is_called_one() -> None:
    low, high = (0.3, 0.5, 0.7), (0.35, 0.56, 0.75)
    scored = [
        measured(name, seed, value) for name, values in (("a", high), ("b", low)) for seed, value in enumerate(values)
    ]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.verdict == "loss"


def test_the_section_groups_by_benchmark_and_by_pair() -> None:
    scored = [
        measured(variant, seed, value, benchmark)
        for benchmark in ("shape", "colour")
        for seed in (0, 1)
        for variant, value in (("a", 0.4), ("b", 0.5), ("c", 0.6))
    ]
    scores = Scores(summarise(scored, BOOTSTRAP), compare(scored, [("b", "a"), ("c", "a")], BOOTSTRAP))
    assert {name: [each.variant for each in group] for name, group in scores.benchmarks.items()} == {
        "shape": ["a", "b", "c"], "colour": ["a", "b", "c"]
    }  # fmt: skip
    assert {pair: [each.benchmark for each in group] for pair, group in scores.pairs.items()} == {
        ("b", "a"): ["shape", "colour"], ("c", "a"): ["shape", "colour"]
    }  # fmt: skip


def test_a_metric_has_a_column_where_it_says_something_new() -> None:
    """The primary metric, one that a variant lacks, and one that reads the same to the digit have none."""
    first = measured("a", 0, 0.4)
    metrics = {"acc1": 0.4, "acc5": None, "same": 0.40001, "other": 0.7}
    (summary,) = summarise([replace(first, metrics=metrics)], BOOTSTRAP)
    assert Scores((summary,)).other_metrics == {"shape": ["other"]}
