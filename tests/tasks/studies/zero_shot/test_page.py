"""The page of `zero-shot`: what is compared with what, and what it says where nothing can be told."""

import pytest

from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.zero_shot.config import ZeroShotConfig
from tasks.studies.zero_shot.figure import colour_of, draw_curves, panels
from tasks.studies.zero_shot.inputs import Cell
from tasks.studies.zero_shot.page import zero_shot_page
from tasks.studies.zero_shot.runs import ZeroShotNumbers, zero_shot_numbers
from tests.tasks.studies.scored.test_compare import runs


@pytest.fixture(scope="module")
def numbers() -> ZeroShotNumbers:
    answers = {
        Cell("MiniLM", batch, k, "cifar10"): runs(0.5 + 0.1 * k * (batch == 64), seed=10 * batch + k)
        for batch in (32, 64)
        for k in (0, 1, 2)
    }
    return zero_shot_numbers(answers, range(4), confidence=0.95)


def test_every_pair_of_k_is_compared_within_its_setting(numbers: ZeroShotNumbers) -> None:
    assert len(numbers.curves) == 6 and numbers.images == {"cifar10": 90}
    assert len(numbers.differences) == 2 * 3
    assert all(each.ours.split("k = ")[0] == each.theirs.split("k = ")[0] for each in numbers.differences)
    assert all(each.ours.split("k = ")[1] > each.theirs.split("k = ")[1] for each in numbers.differences)


def test_the_answer_says_what_can_be_told(numbers: ZeroShotNumbers) -> None:
    page = zero_shot_page(ZeroShotConfig(), numbers)
    quiet, clear = page.answer
    assert "batch 32" in quiet and "not distinguishable" in quiet
    assert "batch 64" in clear and "not distinguishable" not in clear and "k = 2 less k = 1: +" in clear
    assert all(len(row) == len(table.columns) for table in page.tables for row in table.rows)
    assert "running maximum" not in page.figures["zero-shot"].caption
    shown = zero_shot_page(ZeroShotConfig(running_maximum=True), numbers)
    assert "running maximum" in shown.figures["zero-shot"].caption
    assert ZeroShotNumbers.model_validate(dict(page.numbers)) == numbers


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_panel_for_every_batch(numbers: ZeroShotNumbers, width: float) -> None:
    with drawing():
        figure = draw_curves(numbers, True, width)
        assert panels(numbers) == [("cifar10", "MiniLM", 32), ("cifar10", "MiniLM", 64)]
        assert [axes.get_title(loc="left") for axes in figure.axes] == [
            "cifar10, MiniLM, batch 32",
            "cifar10, MiniLM, batch 64",
        ]
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert labels == ["k = 0", "k = 1", "k = 2", "running maximum of the mean"]
    assert len({colour_of(k) for k in range(3)}) == 3
