"""What was looked for before balancing, told from the stages' outputs."""

from pathlib import Path

import pytest

from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.stage_outputs import Screening
from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.screening.screening import Screened, read_screening, screening_figure
from tests.tasks.reporting.conftest import Inputs


@pytest.fixture
def found(inputs: Inputs, tmp_path: Path) -> Screened:
    return read_screening(ReportConfig(), inputs.screening, inputs.workspace(tmp_path))


def test_rows_that_go_and_rows_that_stay_add_up(found: Screened) -> None:
    assert (found.rows, found.remaining, found.dropped) == (40, 36, 4)
    assert found.reasons == {"equal pair": 2, "near an evaluation image": 1, "near-duplicate": 1}


def test_the_limit_of_near_duplicates_is_what_the_tree_chose(found: Screened) -> None:
    """`near: auto` is a number only once the tree is known."""
    assert found.repetitions is not None and found.tree is not None
    assert found.repetitions.near == found.tree.near == 0.1
    with drawing():
        figure = screening_figure(found)
    assert figure is not None
    assert [float(x) for line in figure.axes[0].lines for x in line.get_xdata()] == [0.1, 0.1]


def test_leaks_are_told_by_benchmark(found: Screened) -> None:
    (leak,) = found.leakages
    assert (leak.benchmark, leak.leaks, leak.leaked_evaluation_rows, leak.nearest) == ("<q>shape</q>", 1, 1, 0.01)
    assert [(round(pair.distance, 6), pair.leak) for pair in leak.pairs] == [(0.01, True), (0.5, False)]
    assert [(each.prompt, each.rows, len(each.captions)) for each in leak.prompts] == [
        ("a photo of a <b>dog</b>.", 2, 2)
    ]


def test_what_was_not_looked_for_is_empty(inputs: Inputs, tmp_path: Path) -> None:
    nothing = read_screening(ReportConfig(), Screening(inputs.pairs), inputs.workspace(tmp_path))
    assert nothing == Screened(rows=40) and nothing.dropped == 0
    assert screening_figure(nothing) is None
