"""A report's files: the page, the numbers and the figures."""

from pathlib import Path

from pydantic import JsonValue

from tasks.reporting.page.render import Content, render
from tasks.reporting.page.svg import titled
from tasks.reporting.stats import ReportStats
from tasks.reporting.summary import dumped


def write(content: Content, summary: dict[str, JsonValue], output: Path) -> ReportStats:
    """`report.html`, `summary.json` and `figures/*.svg` below `output`; the figures that the stage leaves."""
    _text(output / "report.html", render(content))
    _text(output / "summary.json", dumped(summary))
    (output / "figures").mkdir()
    for name, drawn in content.drawings.items():
        _text(output / "figures" / f"{name}.svg", titled(drawn.svg, drawn.description))
    return ReportStats.model_validate({name: summary[name] for name in ReportStats.model_fields})


def _text(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8", newline="\n")
