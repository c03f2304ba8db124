"""Means, paired differences and their intervals, against scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tasks.reporting.inputs.measurements import Answers, Measurement
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
    assert difference.over_seeds is not None and difference.interval is not None
    assert (difference.over_seeds.low, difference.over_seeds.high) == pytest.approx((expected.low, expected.high))
    assert difference.interval.over == "seeds and images" and difference.interval.low > 0


def trained(variant: str, *values: float) -> list[Measurement]:
    return [measured(variant, seed, value) for seed, value in enumerate(values)]


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((0.60, 0.61, 0.62, 0.60), "gain"),
        ((0.20, 0.21, 0.22, 0.20), "loss"),
        ((0.40, 0.41, 0.42, 0.40), "not distinguishable"),
        ((0.37, 0.47, 0.42, 0.45), "not distinguishable"),
        ((0.60, 0.61), "too few seeds"),
        ((0.60,), "too few seeds"),
    ],
)
def test_the_verdict_is_about_seeds_and_images(ours: tuple[float, ...], verdict: str) -> None:
    (difference,) = compare([*trained("a", 0.40, 0.41, 0.42, 0.40), *trained("b", *ours)], [("b", "a")], BOOTSTRAP)
    assert difference.verdict == verdict
    assert difference.distinguishable == (verdict in ("gain", "loss"))


def test_seeds_that_happen_to_agree_do_not_make_a_verdict() -> None:
    """A gain of two points on 300 images, the same from every seed: another 300 images could well undo it."""
    rng = np.random.default_rng(0)
    label = np.arange(300) % 3
    scored = []
    right, flipped = rng.random(300) < 0.5, rng.permutation(300)
    better = right.copy()
    better[flipped[:57]] = True
    better[flipped[57:108]] = False
    for seed in range(3):
        for variant, correct in (("a", right), ("b", better)):
            one = measured(variant, seed, float(correct.mean()))
            scored.append(replace(one, answers=Answers(label, correct)))
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.over_seeds is not None and difference.over_seeds.excludes(0.0)  # agreeing seeds know no doubt
    assert difference.verdict == "not distinguishable"


def test_a_gain_of_one_seed_alone_is_none() -> None:
    """Whatever the correction says, the interval must exclude zero with any one seed left out."""
    (difference,) = compare(
        [*trained("a", 0.5, 0.5, 0.5, 0.5), *trained("b", 0.55, 0.555, 0.50, 0.56)], [("b", "a")], BOOTSTRAP
    )
    certain = replace(difference, adjusted=0.001)
    assert not difference.stable and certain.verdict == "rests on one seed" and not certain.distinguishable


def test_many_comparisons_are_corrected() -> None:
    """A difference that is significant alone is not where nineteen others could have been."""
    scored = [*trained("a", 0.50, 0.51, 0.52, 0.50, 0.51), *trained("b", 0.53, 0.535, 0.555, 0.53, 0.54)]
    (alone,) = compare(scored, [("b", "a")], BOOTSTRAP)
    idle = [trained(f"c{number}", 0.50, 0.51, 0.52, 0.50, 0.51) for number in range(19)]
    crowd = [each for group in idle for each in group]
    among, *_ = compare([*scored, *crowd], [("b", "a"), *((f"c{number}", "a") for number in range(19))], BOOTSTRAP)
    assert alone.p_value == alone.adjusted == among.p_value and alone.p_value is not None
    assert among.adjusted == pytest.approx(min(1.0, 20 * alone.p_value))
    assert alone.interval == among.interval


def test_only_shared_seeds_are_compared() -> None:
    scored = [measured("a", 0, 0.5), measured("a", 1, 0.9), measured("b", 0, 0.6)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.seeds == ((0, pytest.approx(0.1)),)
    assert difference.over_seeds is None and difference.interval is not None
    assert difference.interval.over == "images" and difference.verdict == "too few seeds"


def test_other_images_are_not_paired() -> None:
    scored = [measured("a", 0, 0.5), measured("b", 0, 0.6, images=303)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.interval is None and not difference.distinguishable
    assert difference.verdict == "no interval"
    several = [*trained("a", 0.4, 0.41, 0.42), *(measured("b", seed, 0.6, images=303) for seed in range(3))]
    (difference,) = compare(several, [("b", "a")], BOOTSTRAP)
    assert difference.interval is not None and difference.interval.over == "seeds"
    assert difference.over_seeds is not None
    assert (difference.interval.low, difference.interval.high) == pytest.approx(
        (difference.over_seeds.low, difference.over_seeds.high)
    )


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
