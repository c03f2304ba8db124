"""The page of a comparison: every question, at either width, with what it must say."""

from pathlib import Path
from typing import get_args

import pytest

from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.page.write import write_study
from tasks.studies.selfsupervised.config import ComparisonConfig, Question
from tasks.studies.selfsupervised.figure import draw_arms
from tasks.studies.selfsupervised.page import comparison_page
from tasks.studies.selfsupervised.words import WORDS
from tests.tasks.studies.selfsupervised.examples import outcome, outcomes
from tests.tasks.training.selfsupervised.examples import SMALL


@pytest.mark.parametrize("question", get_args(Question))
def test_every_question_has_its_page(question: Question) -> None:
    config = ComparisonConfig(reference="alone", edition="small")
    page = comparison_page(question, config, SMALL, outcomes())
    assert page.title == WORDS[question].title
    said = " ".join(page.answer)
    assert "first, better" in said and "1 of 2 differences from alone can be told from chance" in said
    assert "in one point (spread below 0.1): first, alone." in said
    assert "Prototypes in use: alone 9.0, better 9.0" in said
    assert "66.1 %" in str(page.tables[0].rows) and len(page.tables) == 2
    assert page.numbers["differences"] and "4 steps of 32 pictures of 16 pixels" in page.method[0]


def test_without_a_reference_nothing_is_tested() -> None:
    page = comparison_page("clustering", ComparisonConfig(), SMALL, outcomes())
    assert len(page.tables) == 1 and "Holm" not in " ".join((*page.answer, *page.method))


def test_names_are_escaped(tmp_path: Path) -> None:
    found = [outcome("<b>", "<script>", seed, 0.5) for seed in (0, 1)]
    write_study(
        comparison_page("clustering", ComparisonConfig(), SMALL, found), ComparisonConfig(), tmp_path, software={}
    )
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script>" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize("width", (WIDE, NARROW))
def test_a_row_for_each_arm_and_a_dot_for_each_run(width: float) -> None:
    trained = [each for each in outcomes() if each.label.group != "untrained"]
    with drawing():
        figure = draw_arms(trained, ("linear", "norm"), 0.95, outcomes()[:3], width)
    panel = figure.axes[0]
    dots = sum(len(line.get_xdata()) for line in panel.lines if line.get_marker() == "o")
    assert dots == 12 and len(panel.get_yticks()) == 4
    assert figure.axes[1].get_xscale() == "log"
    assert [label.get_text() for label in panel.get_yticklabels()][:2] == ["first: alone", "better"]
