"""How many seeds would do: textbook sample sizes, and what no training can take away."""

import numpy as np
import pytest
from scipy import stats

from tasks.evaluation.scoring.crossed import Estimate
from tasks.evaluation.scoring.power import MOST, seeds_needed


def seen(mean: float, error: float, seeds: int = 5) -> Estimate:
    return Estimate(mean, error, seeds - 1, "seeds", seeds)


@pytest.mark.parametrize("effect", [0.3, 0.5, 1.0, 2.0])
def test_it_is_the_sample_size_of_a_paired_t_test(effect: float) -> None:
    """The exact power by the noncentral t distribution: enough at the answer, to the approximation's one seed."""
    needed = seeds_needed(seen(effect, 1 / 5**0.5), 1.0, 5)
    assert needed is not None

    def power(number: int) -> float:
        critical = stats.t.ppf(0.975, number - 1)
        return float(1 - stats.nct.cdf(critical, number - 1, effect * number**0.5))

    exact = next(number for number in range(2, MOST) if power(number) >= 0.8)
    assert abs(needed - exact) <= 1


def test_what_the_images_leave_open_no_seed_decides() -> None:
    assert seeds_needed(seen(0.1, np.sqrt(1 / 5 + 0.01)), 1.0, 5) is None  # 0.1 is one error of the images alone
    assert seeds_needed(seen(0.0, 0.1), 0.05, 5) is None
    few, many = (seeds_needed(seen(1.0, np.sqrt(0.2 + images)), 1.0, 5) for images in (0.0, 0.08))
    assert few is not None and many is not None and few < many


def test_seeds_that_all_agree_need_no_more() -> None:
    assert seeds_needed(seen(0.5, 0.0), 0.0, 3) == 2
