"""The whole stage on hostile inputs: inert, self-contained, complete, and the same bytes each time."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from storage.record.manifest import Manifest
from tasks.checks import Checks
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.stage_outputs import Screening, Training
from tasks.reporting.task import report
from tests.tasks.reporting.conftest import HOSTILE, Inputs

CONFIG = ReportConfig(title="Test </title><script>alert(0)</script>", resamples=200)
# The only elements of the page, HTML and SVG. Nothing that runs, embeds, submits or loads is among them.
ALLOWED = frozenset(
    {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article"}
    | {
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "dl",
        "div",
        "dt",
        "dd",
        "a",
        "figure",
        "figcaption",
        "em",
        "strong",
        "span",
        "i",
        "bdi",
        "code",
    }
    | {"table", "thead", "tbody", "tr", "th", "td", "details", "summary", "ul", "li", "img"}
    | {"strong", "svg", "g", "defs", "path", "use", "text", "clippath", "rect"}
)
GEOMETRY = ("density", "diversity", "edges", "screening")
VOID = frozenset({"meta", "img"})


class Page(HTMLParser):
    """The elements, attributes and visible text of a page; fails on a tag that does not close."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.stack: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def full(inputs: Inputs, config: ReportConfig = CONFIG) -> Manifest:
    return report.run(
        config,
        inputs.screening,
        inputs.curation,
        inputs.training,
        inputs.scored,
        Checks(),
        runtime=inputs.runtime,
    )


def curated_only(inputs: Inputs, config: ReportConfig) -> Manifest:
    """The report of a run that screened, trained and scored nothing."""
    return report.run(
        config, Screening(inputs.pairs), inputs.curation, Training(), [], Checks(), runtime=inputs.runtime
    )


def folder(inputs: Inputs, manifest: Manifest) -> Path:
    return inputs.runtime.store / manifest.stage / manifest.key


@pytest.fixture(scope="module")
def made(inputs: Inputs) -> Path:
    return folder(inputs, full(inputs))


@pytest.fixture(scope="module")
def html(made: Path) -> str:
    return (made / "report.html").read_text(encoding="utf-8")


def test_files(made: Path) -> None:
    files = [path for path in made.rglob("*") if path.is_file() and path.name != "manifest.json"]
    found = sorted(path.relative_to(made).as_posix() for path in files)
    figures = [
        f"figures/{name}.svg" for name in (*GEOMETRY, "convergence", "differences", "marginals", "recalls-0", "scores")
    ]
    assert found == sorted([*figures, "figures/training-train.svg", "report.html", "summary.json"])


def test_hostile_text_is_inert(html: str) -> None:
    page = Page(html)
    assert set(page.tags) <= ALLOWED
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href", "action", "data"):
            assert value.startswith(("#", "data:image/png;base64,", "data:image/jpeg;base64,")), value
    assert "alert(1)" in page.text  # shown as text
    assert "7 * 7" in page.text and "49" not in page.text.split("7 * 7")[1][:20]


def test_no_request_leaves_the_page(html: str) -> None:
    assert "default-src 'none'" in html
    for tag, name, value in Page(html).attributes:
        assert "//" not in value or value.startswith("data:image/"), (tag, name, value)
    assert not re.search(r"url\((?!#)|@import", html)


def test_invisible_characters_are_spelled_out(html: str) -> None:
    assert "⟨U+202E⟩" in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", html)


def test_long_captions_are_cut(html: str) -> None:
    assert "x" * 181 not in html
    assert len(html) < 600_000


def test_hostile_examples_are_shown(html: str) -> None:
    text = Page(html).text
    for caption in (HOSTILE[0], HOSTILE[1], HOSTILE[6]):
        assert caption in text
    assert text.split("Never matched")[0].split("Repeated most")[1].count("no image") == 3  # missing, unreadable, SVG


def test_the_norm_that_tregs_predicts_stands_beside_the_realised(html: str) -> None:
    row = re.search(r"norm at rest.*?<tbody>(.*?)</tr>", html, re.DOTALL)
    assert row and re.findall(r"<td class=\"n\">([\d.]+)</td>", row[1])[-3:] == ["81.500", "90.250", "106.750"]


def test_figures_are_inert(made: Path) -> None:
    for path in sorted((made / "figures").glob("*.svg")):
        svg = path.read_text(encoding="utf-8")
        assert "<script" not in svg and "<!--" not in svg and "<dc:date>" not in svg


def test_summary(made: Path) -> None:
    summary = json.loads((made / "summary.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    cell = summary["variants"]["balanced"]["<q>shape</q>"]
    assert list(cell["seeds"]) == ["0", "1"]
    assert cell["mean"] == pytest.approx(sum(cell["seeds"].values()) / 2)
    assert cell["interval"][0] < cell["mean"] < cell["interval"][1]
    assert cell["metrics"]["acc5"] is None
    delta = summary["deltas"]["balanced-original"]["<q>shape</q>"]
    assert delta["interval_over"] == "seeds and images"
    original = summary["variants"]["original"]["<q>shape</q>"]
    assert delta["mean"] == pytest.approx(cell["mean"] - original["mean"])
    rows = summary["curation"]["rows"]
    assert rows == {
        "Source rows": 43,
        "Ingested": 40,
        "Screened": 36,
        "Matched": 36,
        "Selected": 30,
        "With repeats": 46,
    }
    assert summary["curation"]["lost"]["Ingested"] == {"unreadable image": 2, "<empty> caption": 1}
    assert summary["geometry"]["balanced"]["mst_length"] == 26.0
    gain, low, high = summary["geometry"]["balanced"]["gain"]
    assert gain == pytest.approx(26 / 40 / 0.5 - 1) and low < gain < high
    assert summary["geometry"]["original"]["gain"] is None  # before and after are the same
    screening = summary["screening"]
    assert screening["remaining"] == 36 and screening["dropped"]["near-duplicate"] == 1
    assert screening["repetitions"] == {"content": "pair", "near": 0.1, "dropped": 3, "groups": 2}
    assert screening["leakage"]["<q>shape</q>"]["leaks"] == 1


def test_same_bytes_in_another_store(inputs: Inputs, made: Path, tmp_path: Path) -> None:
    other = Inputs(tmp_path / "elsewhere")
    assert full(other).digest == full(inputs).digest
    again = folder(other, full(other))
    for path in sorted(made.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            assert path.read_bytes() == (again / path.relative_to(made)).read_bytes(), path.name


def test_curation_alone_gives_a_report(inputs: Inputs) -> None:
    made = curated_only(inputs, ReportConfig())
    html = (folder(inputs, made) / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert "no model was trained or scored" in page.text
    assert 'id="marginals"' in html and 'id="scores"' not in html and 'id="training"' not in html
    summary = json.loads((folder(inputs, made) / "summary.json").read_text())
    assert summary["variants"] == {} and summary["geometry"] == {}
    assert summary["screening"]["repetitions"] is None and summary["screening"]["leakage"] == {}


def test_what_was_not_measured_is_said(inputs: Inputs) -> None:
    made = curated_only(inputs, ReportConfig())
    text = Page((folder(inputs, made) / "report.html").read_text(encoding="utf-8")).text
    for words in ("Not looked for: set screening.deduplicate", "Not looked for: set screening.leakage",
                  "Not measured: set encoder and geometry"):  # fmt: skip
        assert words in text
    assert "Screened" not in text


def test_repeats_and_leaks_are_shown_with_pictures(html: str) -> None:
    text = " ".join(Page(html).text.split())
    section = text.split("Screening looked at the 40 ingested pairs")[1].split("Keyword marginals")[0]
    assert "4 rows were dropped and 36 went on" in section and "<u>thumbnails</u>" in section
    assert "3 rows repeat one of 2 others" in section
    assert "equal pair, near-duplicate; 3 in all" in section and "equal pair; 2 in all" in section
    assert "1 of 40 training images lie within 0.100 of one of the 30 evaluation images" in section
    assert "0.01 leak" in section and "0.500 no leak" in section
    assert "2 captions repeat a class prompt" in section and "a photo of a <b>dog</b>." in section
    assert HOSTILE[4][:20] in section  # the caption of pair 5 …, as text


def test_geometry_is_told_with_its_intervals(html: str) -> None:
    text = " ".join(Page(html).text.split())
    assert "3.2[3, 3.4]" in text and "−1.5" in text
    assert "approximate, 75.0 % of edges certified; at most 0.02 % too long (± 0.001)" in text
    assert "balanced is 0.65 against 0.5 of all pairs, +30.0 %" in text
    assert "The tree is approximate, so some near-duplicates may have been missed" in text
    assert "3 keywords have enough pairs" in text and "Near-duplicates that are left" in text


def test_no_examples(inputs: Inputs) -> None:
    made = curated_only(inputs, ReportConfig(examples=0))
    html = (folder(inputs, made) / "report.html").read_text(encoding="utf-8")
    assert "<img" not in html and 'id="examples"' not in html


def test_no_path_of_this_machine_is_in_the_page(inputs: Inputs, html: str) -> None:
    assert str(inputs.runtime.store) not in html
