"""The interval over seeds and images against its two limits, and against a mixed model fitted by hand."""

import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.scoring.crossed import crossed_estimate

RNG = np.random.default_rng(7)


def test_images_that_do_not_vary_leave_the_t_interval_over_seeds() -> None:
    scores = np.array([0.1, 0.14, 0.17, 0.12])
    estimate = crossed_estimate(np.repeat(scores[:, None], 50, axis=1))
    theirs = stats.ttest_1samp(scores, 0)
    assert estimate is not None
    interval, expected = estimate.interval(0.9), theirs.confidence_interval(0.9)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert estimate.p_value == pytest.approx(theirs.pvalue)
    alone = crossed_estimate(scores[:, None])
    assert alone is not None and alone.error == pytest.approx(estimate.error) and alone.over == "seeds"


@pytest.mark.parametrize("seeds", [1, 4])
def test_seeds_that_agree_leave_the_t_interval_over_images(seeds: int) -> None:
    values = RNG.choice([-1.0, 0.0, 1.0], size=200, p=[0.2, 0.5, 0.3])
    estimate = crossed_estimate(np.tile(values, (seeds, 1)))
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert estimate is not None
    interval = estimate.interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert estimate.over == ("images" if seeds == 1 else "seeds and images")


def test_the_error_is_that_of_the_two_way_analysis_of_variance() -> None:
    """Mean squares by the textbook's double loop: `(MS_seeds + MS_images − MS_both) / (k n)`."""
    seeds, images = 4, 30
    values = RNG.normal(size=(seeds, 1)) + 3 * RNG.normal(size=images) + RNG.normal(size=(seeds, images))
    mean = values.mean()
    of_seed, of_image = values.mean(axis=1), values.mean(axis=0)
    rest = sum(
        (values[s, i] - of_seed[s] - of_image[i] + mean) ** 2 for s in range(seeds) for i in range(images)
    ) / ((seeds - 1) * (images - 1))  # fmt: skip
    seed_square = images * sum((each - mean) ** 2 for each in of_seed) / (seeds - 1)
    image_square = seeds * sum((each - mean) ** 2 for each in of_image) / (images - 1)
    total = seed_square + image_square - rest
    estimate = crossed_estimate(values)
    assert estimate is not None and estimate.mean == pytest.approx(mean)
    assert estimate.error == pytest.approx(np.sqrt(total / (seeds * images)))
    freedom = total**2 / (
        seed_square**2 / (seeds - 1) + image_square**2 / (images - 1) + rest**2 / ((seeds - 1) * (images - 1))
    )
    assert estimate.freedom == pytest.approx(freedom)


def test_classes_keep_their_images_and_count_alike() -> None:
    values = np.concatenate([np.zeros((3, 90)), np.ones((3, 10))], axis=1)
    classes = np.repeat([4, 9], [90, 10])
    estimate = crossed_estimate(values, classes)
    assert estimate is not None and estimate.mean == 0.5 and estimate.error == 0 and estimate.p_value == 0.0
    unlike = crossed_estimate(np.zeros((3, 100)), classes)
    assert unlike is not None and unlike.p_value == 1.0


def test_a_class_of_one_image_takes_the_spread_of_the_others() -> None:
    values = RNG.normal(size=(1, 41))
    estimate = crossed_estimate(values, np.repeat([0, 1], [40, 1]))
    assert estimate is not None
    spread = values[0, :40].var(ddof=1)
    assert estimate.error == pytest.approx(np.sqrt(spread / 40 + spread) / 2)


def test_what_cannot_be_estimated() -> None:
    assert crossed_estimate(np.array([[0.3]])) is None
    assert crossed_estimate(np.ones((1, 3)), np.arange(3)) is None
    for wrong in (np.ones(3), np.ones((0, 4)), np.ones((2, 0))):
        with pytest.raises(ValueError, match=r"must be \[seeds, images\]"):
            crossed_estimate(wrong)
