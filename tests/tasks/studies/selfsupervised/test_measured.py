"""Arms over seeds: means, intervals and paired tests, against scipy's."""

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_rel

from tasks.evaluation.scoring.multiplicity import holm
from tasks.studies.selfsupervised.measured import arms_of, differences, summaries, values_of
from tests.tasks.studies.selfsupervised.examples import outcome, outcomes


def test_means_and_intervals_are_students() -> None:
    found = {(each.group, each.name): each for each in summaries(outcomes(), "linear", 0.95)}
    values = np.array(list(values_of(outcomes(), "first", "alone", "linear").values()))
    half = student.ppf(0.975, 2) * values.std(ddof=1) / np.sqrt(3)
    arm = found["first", "alone"]
    assert (arm.mean, arm.high - arm.mean, arm.runs) == (pytest.approx(values.mean()), pytest.approx(half), 3)
    assert arm.paper == 0 and found["second", "alone"].paper is None


def test_paired_differences_are_scipys_corrected_by_holm() -> None:
    found = differences(outcomes(), "linear", "alone", 0.95)
    assert [(each.group, each.name) for each in found] == [("first", "better"), ("second", "the same")]
    expected = [
        ttest_rel(*([*values_of(outcomes(), group, arm, "linear").values()] for arm in (name, "alone"))).pvalue
        for group, name in (("first", "better"), ("second", "the same"))
    ]
    np.testing.assert_allclose([each.p for each in found], expected, rtol=1e-9)
    np.testing.assert_allclose([each.adjusted for each in found], holm(np.array(expected)))
    assert found[0].adjusted < 0.01 < 0.5 < found[1].p and found[0].low < 0.1 < found[0].high + 1e-3


def test_seeds_are_paired_by_their_numbers_and_one_alone_is_no_test() -> None:
    some = [
        outcome("a", "alone", 0, 0.1),
        outcome("a", "alone", 1, 0.2),
        outcome("a", "x", 1, 0.5),
        outcome("a", "x", 2, 0),
    ]
    assert differences(some, "linear", "alone", 0.95) == []
    assert summaries([outcome("a", "x", 0, 0.5)], "linear", 0.95)[0].low is None


def test_a_measure_that_an_arm_lacks_is_left_out() -> None:
    assert ("untrained", "network") in arms_of(outcomes())
    assert all(each.group != "untrained" for each in summaries(outcomes(), "spread", 0.95))
    same = [outcome("a", name, seed, 0.5) for name in ("alone", "x") for seed in (0, 1)]
    assert differences(same, "linear", "alone", 0.95)[0].p == 1
