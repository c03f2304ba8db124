"""The page of `zero-shot`: what is compared with what, and what it says where nothing can be told."""

import pytest
from scipy import stats

from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.zero_shot.config import ZeroShotConfig
from tasks.studies.zero_shot.figure import colour_of, draw_curves, draw_held_out, draw_probed, panels
from tasks.studies.zero_shot.held_out import Judged
from tasks.studies.zero_shot.inputs import Cell
from tasks.studies.zero_shot.page import zero_shot_page
from tasks.studies.zero_shot.probed import Probed
from tasks.studies.zero_shot.runs import ZeroShotNumbers, track, zero_shot_numbers
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


def _judged(level: float) -> Judged:
    ways = {1: (level, level + 0.1), 5: (level + 0.2, level + 0.3)}
    return Judged(steps=(100, 200), loss=(4.0, 3.0), clip_loss=(3.0 - level, 2.0 - level), captions=ways, pictures=ways)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pairs_that_were_held_out(width: float) -> None:
    cells = [Cell("MiniLM", batch, k, name) for batch in (32, 64) for k in (0, 1) for name in ("a", "b")]
    answers = {cell: runs(0.5, seed=cell.batch + cell.half_steps) for cell in cells}
    judged = {cell: [_judged(0.1 * cell.half_steps + 0.01 * seed) for seed in range(4)] for cell in cells}
    found = zero_shot_numbers(answers, range(4), confidence=0.95, judged=judged)
    assert [(each.batch, each.half_steps) for each in found.held_out] == [(32, 0), (32, 1), (64, 0), (64, 1)]
    page = zero_shot_page(ZeroShotConfig(), found)
    table = page.tables[-1]
    assert all(len(row) == len(table.columns) == 7 for row in table.rows)
    assert table.rows[1][:2] == ["MiniLM, batch 32, k = 1", "3.000 (3.000 to 3.000)"]
    assert table.rows[1][3].startswith("21.5 (")
    with drawing():
        figure = draw_held_out(found, width)
        assert [axes.get_ylabel() for axes in figure.axes] == ["CLIP's loss, nats", "recall@1 of captions, %"] * 2
    assert ZeroShotNumbers.model_validate(dict(page.numbers)) == found


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_image_features_along_training(width: float) -> None:
    cells = [Cell("MiniLM", 32, k, name) for k in (0, 1) for name in ("a", "b")]
    answers = {cell: runs(0.5, seed=cell.half_steps) for cell in cells}
    probed = {
        cell: [Probed(steps=(100, 200), linear=(0.5, 0.6 + seed / 100), neighbours=(0.4, 0.5), converged=seed < 3,
                      pictures=1_234) for seed in range(4)]
        for cell in cells if cell.benchmark == "a"
    }  # fmt: skip
    found = zero_shot_numbers(answers, range(4), confidence=0.95, probed=probed)
    assert [(each.benchmark, each.half_steps) for each in found.probed] == [("a", 0), ("a", 1)]
    page = zero_shot_page(ZeroShotConfig(), found)
    row = page.tables[-1].rows[0]
    assert row[0] == "a, MiniLM, batch 32, k = 0" and row[1].startswith("61.5 (")
    assert row[3] == "not all converged" and "1,234 labelled" in page.figures["probe"].caption
    with drawing():
        titles = [axes.get_title(loc="left") for axes in draw_probed(found, width).axes]
    assert titles == ["linear probe, a, MiniLM, batch 32"]
    assert ZeroShotNumbers.model_validate(dict(page.numbers)) == found


def test_an_interval_over_seeds_is_students() -> None:
    found = track([[1.0, 5.0], [3.0, 5.0], [2.0, 8.0]], 0.95)
    assert found.mean == (2.0, 6.0)
    expected = stats.t.interval(0.95, 2, loc=6.0, scale=stats.sem([5.0, 5.0, 8.0]))
    assert (found.low[1], found.high[1]) == pytest.approx(expected)
    assert track([[1.0]], 0.95).low == (None,)
