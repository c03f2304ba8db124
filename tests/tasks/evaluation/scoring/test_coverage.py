"""Intervals keep their promise in simulated experiments, and the simulation's truth is the truth."""

import numpy as np
import pytest

from tasks.evaluation.scoring.coverage import Scenario, coverage, scenarios


def test_the_closed_form_is_the_mean_of_many_experiments() -> None:
    scenario = Scenario(seeds=5, images=400, of_seeds=0.2, of_images=1.0, of_both=0.7)
    drawn = [values.mean() for values in scenario.draws(400, seed=3)]
    assert np.mean(drawn) == pytest.approx(scenario.truth, abs=4 * np.std(drawn) / 20)


def test_agreeing_seeds_are_no_reason_for_a_narrow_interval() -> None:
    """Of ten trainings that agree, on images that vary, the interval over seeds misses what it should hold."""
    found = coverage(Scenario(10, 256, 0.0, 1.0, 0.7), repetitions=300)
    assert found.over_seeds < 0.85 and found.combined > 0.92
    unlike = coverage(Scenario(10, 256, 0.3, 1.0, 0.7), repetitions=300)
    assert unlike.over_images < 0.8 and unlike.combined > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("scenario", scenarios((5, 10)), ids=str)
def test_the_combined_interval_covers_what_it_promises(scenario: Scenario) -> None:
    assert coverage(scenario, repetitions=4_000).combined == pytest.approx(0.95, abs=0.02)
