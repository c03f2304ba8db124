"""A study's files: escaped, self-contained, the same bytes every time."""

import json
import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from tasks.reporting.page.svg import blank
from tasks.studies.config import StudyConfig
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.page.write import write_study


def line(width: float) -> Figure:
    figure, axes = blank(width, 2.0)
    axes[0].plot([0, 1], [1, 0])
    return figure


PAGE = StudyPage(
    name="a-study",
    title="<b>bold</b> claims",
    question="Is <script>alert(1)</script> shown?",
    answer=["It is \u202e shown."],
    figures={"a-line": StudyFigure(line, 'falls "down"')},
    tables=[StudyTable("a <i>table</i>", ["who", ">how many"], [["<td>", "1"]])],
    method=["By hand."],
    limits=["Little."],
    numbers={"value": 0.5},
)


def test_the_page_is_escaped_and_loads_nothing(tmp_path: Path) -> None:
    stats = write_study(PAGE, StudyConfig(edition="small"), tmp_path, software={"numpy": "2"})
    assert stats.edition == "small" and stats.answer == tuple(PAGE.answer)
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "<script" not in html and "&lt;script&gt;" in html and "<b>bold" not in html and "&lt;td&gt;" in html
    assert "⟨U+202E⟩" in html and "the small edition" in html and "numpy 2" in html
    assert not re.findall(r'(?:src|href)="(?!#|data:)', html)
    assert html.count("<svg") == 2 and "var(--ink)" in html and "prefers-color-scheme: dark" in html


def test_numbers_and_figures(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_study(PAGE, StudyConfig(), tmp_path / name, software={})
    numbers = json.loads((tmp_path / "first" / "numbers.json").read_text(encoding="utf-8"))
    assert numbers["numbers"] == {"value": 0.5} and numbers["edition"] == "own"
    assert numbers["configuration"] == {"edition": "own", "confidence": 0.95}
    files = ["index.html", "numbers.json", "figures/a-line.svg", "figures/a-line.png"]
    assert all((tmp_path / "first" / each).read_bytes() == (tmp_path / "second" / each).read_bytes() for each in files)
    assert (tmp_path / "first" / "figures" / "a-line.png").read_bytes().startswith(b"\x89PNG")


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    page = StudyPage("a", "b", "c", [], {}, numbers={"value": float("nan")})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_study(page, StudyConfig(), tmp_path, software={})
