"""When raking stops, and which half steps are measured in full."""

from __future__ import annotations

import pytest

from tasks.balancing.raking.stopping import WINDOW, Monitor, recorded
from tasks.balancing.result import Side, Step


def step(number: int, residual: float | None, side: Side = "x", rows: float | None = 0.0) -> Step:
    return Step(number, side, rows, None, residual, None)


def test_the_first_steps_are_recorded_and_then_about_three_a_doubling_of_each_side() -> None:
    assert all(recorded(number) for number in range(1, 17))
    kept = [number for number in range(17, 2**12) if recorded(number)]
    for scale in (2**k for k in range(5, 12)):
        inside = [number for number in kept if scale <= number < 2 * scale]
        assert inside == [scale + part for part in (0, 1, scale // 4, scale // 4 + 1, scale // 2, scale // 2 + 1)]


def test_without_a_tolerance_every_step_is_made() -> None:
    monitor = Monitor(None)
    assert all(monitor.stop(step(number, 0.0)) is None for number in range(1, 500))


def test_it_stops_where_the_larger_residual_is_met() -> None:
    monitor = Monitor(0.1)
    assert monitor.stop(step(1, 0.2)) is None
    assert monitor.stop(step(2, 0.05, "y")) is None  # after "y" the keyword margin is exact and says nothing
    assert monitor.stop(step(3, None)) is None
    assert monitor.stop(step(5, 0.05, rows=0.3)) is None
    assert monitor.stop(step(7, 0.1)) == "both margins lie within 0.1 of their targets"


@pytest.mark.parametrize(("rate", "stands"), [(1.0, True), (1 - 1e-5, True), (1 - 1e-4, False), (0.9, False)])
def test_standing_still_is_less_than_a_thousandth_in_a_window(rate: float, stands: bool) -> None:
    monitor = Monitor(1e-300)
    for k in range(4 * WINDOW):
        reason = monitor.stop(step(2 * k + 1, 0.5 * rate**k))
        if reason is not None:
            assert stands and k == WINDOW and reason.startswith("stagnation: the residual stopped falling at 0.")
            return
    assert not stands
