"""Means, paired differences and their intervals, and the sentences made of them."""

import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.intervals import Bootstrap
from tasks.reporting.sections.scores import Answers, Measurement, compare, summarise
from tasks.reporting.sections.sentences import bounds, caution, difference_sentence, headline, points, verdict

BOOTSTRAP = Bootstrap(resamples=500)


def measured(variant: str, seed: int, value: float, benchmark: str = "shape", images: int = 300) -> Measurement:
    """A model that is right on the first `value` of every class."""
    label = np.arange(images) % 3
    correct = (np.arange(images) // 3) < value * images / 3
    return Measurement(
        variant=variant,
        seed=seed,
        benchmark=benchmark,
        primary="acc1",
        metrics={"acc1": value, "acc5": None},
        images=images,
        choices=3,
        classes=("a", "b", "c"),
        recalls=(value, value, value),
        answers=Answers(label, correct),
    )


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
    assert difference.distinguishable and verdict(difference) == "gain"


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
    assert "no verdict" in difference_sentence(difference)


def test_equal_models_are_not_distinguishable() -> None:
    scored = [measured(variant, seed, 0.5) for variant in ("a", "b") for seed in (0, 1)]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    assert difference.mean == 0 and not difference.distinguishable
    assert points(-0.0001) == points(0.0) == "0.0"


def test_headline_tells_failures_too() -> None:
    scored = [
        *(measured("original", seed, value) for seed, value in enumerate((0.40, 0.41, 0.42))),
        *(measured("balanced", seed, value) for seed, value in enumerate((0.45, 0.46, 0.475))),
        *(measured("original", seed, value, "colour") for seed, value in enumerate((0.4, 0.5, 0.6))),
        *(measured("balanced", seed, value, "colour") for seed, value in enumerate((0.6, 0.5, 0.41))),
    ]
    differences = compare(scored, [("balanced", "original")], BOOTSTRAP)
    sentence = headline(summarise(scored, BOOTSTRAP), differences)
    assert sentence.startswith("Balanced against original, over 3 seeds: +5.2 points [")
    assert sentence.endswith("; on colour not distinguishable from zero.")
    alone = headline(summarise(scored[6:], BOOTSTRAP), [differences[1]])
    assert alone.endswith("on colour, not distinguishable from zero.")
    both = headline(summarise(scored, BOOTSTRAP), [differences[1], differences[1]])
    assert both.endswith("; neither is distinguishable from zero.")
    certain = headline(summarise(scored, BOOTSTRAP), [differences[0]])
    assert "distinguishable" not in certain
    assert "2 comparisons are not corrected" in caution(differences, 0.95)


def test_headline_without_scores() -> None:
    assert headline([], []) == "This run curated data; no model was trained or scored."
    assert "trained 3 models" in headline([], [], trained=3)
    single = [measured("original", 0, 0.5)]
    assert "original reaches 50.0 % on shape" in headline(summarise(single, BOOTSTRAP), [])


def test_one_seed_is_said() -> None:
    scored = [measured("original", 0, 0.2), measured("balanced", 0, 0.9)]
    (difference,) = compare(scored, [("balanced", "original")], BOOTSTRAP)
    sentence = difference_sentence(difference)
    assert "over test images, one seed only: distinguishable" in sentence
    assert "Another training seed could change it" in sentence
    assert "says nothing about luck" in caution([difference], 0.95)
    assert difference.over_images is not None
    assert bounds(difference.over_images, signed=True).startswith("[+")
