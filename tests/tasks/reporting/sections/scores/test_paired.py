"""What pairing by seed and image says, where it can be said by hand."""

from dataclasses import replace

import pytest

from tasks.reporting.sections.scores.paired import estimate_of, holds_without_each, image_interval
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured

LOW = [measured("a", seed, value) for seed, value in enumerate((0.40, 0.41, 0.42, 0.40))]
HIGH = [measured("b", seed, value) for seed, value in enumerate((0.60, 0.61, 0.62, 0.60))]


def test_a_difference_that_every_seed_has_holds_without_any_one() -> None:
    assert holds_without_each(HIGH, LOW, 0.95) and holds_without_each(LOW, HIGH, 0.95)
    same = [*HIGH[:3], replace(LOW[3], variant="b")]
    assert not holds_without_each(same, LOW, 0.95)
    assert not holds_without_each(LOW, LOW, 0.95)


def test_scores_without_answers_are_paired_by_seed_alone() -> None:
    blind = [replace(each, answers=None) for each in HIGH]
    estimate, seen = estimate_of(blind, LOW), estimate_of(HIGH, LOW)
    assert estimate is not None and seen is not None
    assert (estimate.over, seen.over) == ("seeds", "seeds and images")
    assert estimate.mean == pytest.approx(seen.mean) == pytest.approx(0.2)
    assert estimate.error < seen.error
    assert image_interval(blind, LOW, BOOTSTRAP) is None
    assert estimate_of(blind[:1], LOW[:1]) is None
