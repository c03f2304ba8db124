"""The study `baselines`: the grid is the simulation's, the page says who wins where."""

import pytest

from tasks.balancing.theory.simulation import ESTIMATORS, Study, study_curve
from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.baselines.config import BaselinesConfig
from tasks.studies.baselines.figure import draw_cuts, draw_grid
from tasks.studies.baselines.grid import BaselinesNumbers, baselines_numbers
from tasks.studies.baselines.page import baselines_page

SMALL = BaselinesConfig(
    values=4, sample=200, half_steps=4, repetitions=300, dependence=(0.0, 0.5), misspecification=(0.0, 0.1, 0.6)
)


@pytest.fixture(scope="module")
def numbers() -> BaselinesNumbers:
    return baselines_numbers(SMALL)


def test_every_point_is_the_simulations(numbers: BaselinesNumbers) -> None:
    curve = study_curve([0.5], vary="dependence", study=Study(4, 200, 4, 300, 0), misspecification=0.1)
    assert set(numbers.mse) == set(ESTIMATORS)
    assert [len(row) for row in numbers.mse["balanced"]] == [2, 2, 2]
    assert numbers.theory[1][-1] == pytest.approx(curve.theory[0, -1])
    assert numbers.winner(0, 0) == "balanced" and numbers.winner(2, 0) == "empirical"


def test_the_page(numbers: BaselinesNumbers) -> None:
    page = baselines_page(SMALL, numbers)
    assert page.answer[0].startswith("Of 6 points") and "times what the theorem says" in page.answer[2]
    assert all(len(row) == len(table.columns) for table in page.tables for row in table.rows)
    assert BaselinesNumbers.model_validate_json(numbers.model_dump_json()) == numbers


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_figures(numbers: BaselinesNumbers, width: float) -> None:
    with drawing():
        assert len(draw_cuts(numbers, width).legends[0].get_texts()) == 5
        assert [axes.get_title(loc="left") for axes in draw_grid(numbers, width).axes[:2]] == list(ESTIMATORS[1:])
