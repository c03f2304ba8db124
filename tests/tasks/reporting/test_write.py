"""A report's files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.reporting.page.render import Section
from tasks.reporting.page.svg import Drawing
from tasks.reporting.sections.scores.scores import Scores
from tasks.reporting.stats import ReportStats
from tasks.reporting.write import write


@dataclass(frozen=True)
class Empty:
    """A report without sections."""

    title: str = "Été \u2028"
    headline: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    scores: Scores = field(default_factory=Scores)
    sections: tuple[Section, ...] = ()
    variants: tuple[str, ...] = ()
    drawings: Mapping[str, Drawing] = field(
        default_factory=lambda: {
            "one": Drawing("<svg width='1' height='1'></svg>\n", "<svg width='2' height='1'></svg>\n", "a <figure>")
        }
    )


def test_files_and_figures_of_the_stage(tmp_path: Path) -> None:
    summary = {"title": "Été", "headline": "h", "variants": {"a": 1}, "deltas": {}}
    assert write(Empty(), summary, tmp_path) == ReportStats(headline="h", variants={"a": 1}, deltas={})
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == summary
    assert (tmp_path / "figures" / "one.svg").read_bytes() == (
        b"<svg width='1' height='1' role=\"img\">\n <title>a &lt;figure&gt;</title></svg>\n"
    )
    page = (tmp_path / "report.html").read_bytes()
    assert "Été".encode() in page and b"\r" not in page and page.startswith(b"<!doctype html>")
