"""Templates: real files, every value escaped, every name known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta, nodes

from storage import hashing
from storage.record import fingerprint
from tasks.reporting.inputs.pictures import Picture
from tasks.reporting.page.render import STYLESHEET, Section, render
from tasks.reporting.page.svg import Drawing
from tasks.reporting.page.templates import FILTERS, environment
from tasks.reporting.report import TITLES
from tasks.reporting.sections.balancing.convergence import Convergence
from tasks.reporting.sections.scores.scores import Scores
from tasks.reporting.task import report, selfsupervised_report
from tests.paths import ROOT

PACKAGE = ROOT / "tasks" / "reporting"
TEMPLATES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.j2"))


@dataclass(frozen=True)
class Small:
    """A report of one section."""

    title: str = "<script>alert(0)</script>"
    headline: str = "a & b"
    caution: str = ""
    facts: tuple[tuple[str, str], ...] = (("1 < 2", "<b>fact</b>"),)
    scores: Scores = field(default_factory=Scores)
    convergence: Convergence = field(
        default_factory=lambda: Convergence("<i>stopped</i>", infeasible=("<u>no caption</u>",))
    )
    drawings: Mapping[str, Drawing] = field(default_factory=dict)
    variants: tuple[str, ...] = ()

    @property
    def sections(self) -> list[Section]:
        return [Section("convergence", "Conv <ergence>", "page/sections/convergence.html.j2")]


def test_every_value_is_escaped() -> None:
    html = render(Small())
    for markup in ("<script", "<b>fact", "<i>stopped", "<u>no", "Conv <erg"):
        assert markup not in html
    for text in ("&lt;script&gt;alert(0)", "a &amp; b", "&lt;b&gt;fact&lt;/b&gt;", "&lt;i&gt;stopped", "&lt;u&gt;no"):
        assert text in html


def test_a_figure_stands_where_its_section_asks_for_it() -> None:
    svg = '<?xml version="1.0"?><svg width="1pt" height="1pt" viewBox="0 0 1 1"><path id="p"/></svg>'
    html = render(Small(drawings={"convergence": Drawing(svg, svg, "half <steps>")}))
    assert '<path id="convergence-p"/>' in html and '<path id="convergence-narrow-p"/>' in html
    assert html.count('role="img" aria-label="half &lt;steps&gt;"') == 2
    assert 'aria-label="half &lt;steps&gt;"' in html
    assert "<figure" not in render(Small())


def test_a_name_that_the_report_lacks_is_an_error() -> None:
    @dataclass(frozen=True)
    class Other(Small):
        @property
        def sections(self) -> list[Section]:
            return [Section("audit", "Audit", "page/sections/audit.html.j2")]

    with pytest.raises(UndefinedError, match="audit"):
        render(Other())


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_use_what_the_page_gives_them(name: str) -> None:
    """Every template parses with the page's filters, refers to files that exist, and takes no name out of the air."""
    source = (PACKAGE / name).read_text(encoding="utf-8")
    tree = environment().parse(source)
    own = {each.name for assign in tree.find_all(nodes.Assign) for each in assign.find_all(nodes.Name)}
    given = {"page/this_run.html.j2": {"run", "lines", "left"}}
    known = given.get(name, {"report", "colours", "drawings", "stylesheet", "m", "c"})
    assert meta.find_undeclared_variables(tree) - own <= known
    assert {each for each in meta.find_referenced_templates(tree) if each} <= set(TEMPLATES)
    assert "| safe" not in source and "autoescape" not in source


def test_every_section_has_a_template_and_every_template_a_section() -> None:
    found = {path.name.removesuffix(".html.j2") for path in (PACKAGE / "page" / "sections").iterdir()}
    assert found == set(TITLES)


def test_filters_are_all_used() -> None:
    sources = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in TEMPLATES)
    assert [name for name in FILTERS if f"| {name}" not in sources] == []


def test_pictures_that_cannot_be_shown_say_so() -> None:
    cards = environment().get_template("page/cards.html.j2").module
    assert "no image" in cards.frame(Picture(1, "k", "c", None, False))  # type: ignore[attr-defined]
    shown = cards.frame(Picture(1, "k", "c", "data:image/png;base64,AA==", True))  # type: ignore[attr-defined]
    assert 'src="data:image/png;base64,AA=="' in shown and "pixels" in shown


def test_the_style_sheet_loads_nothing() -> None:
    style = STYLESHEET.read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style and "</" not in style


@pytest.mark.parametrize("stage", [report, selfsupervised_report])
def test_the_stages_that_use_templates_depend_on_every_one(stage: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that changes makes both reports anew."""
    hashed: list[Path] = []
    monkeypatch.setattr(fingerprint, "_data", fingerprint._data.__wrapped__)  # not what it remembers
    monkeypatch.setattr(hashing, "hash_file", lambda path: hashed.append(path) or "")
    fingerprint.fingerprint(stage.modules, stage.function)  # type: ignore[attr-defined]
    names = {path.relative_to(PACKAGE).as_posix() for path in hashed if path.is_relative_to(PACKAGE)}
    assert {name for name in TEMPLATES if name.startswith("page/")} | {"page/style.css"} <= names
    if stage is selfsupervised_report:
        assert {name for name in TEMPLATES if name.startswith("selfsupervised/")} <= names
