"""The section of checks: folded, and what failed first."""

from pathlib import Path

from storage.store.workspace import Runtime, Workspace
from tasks.checks import Checks
from tasks.ingest.stats import SurveyStats
from tasks.reporting.page.render import environment
from tasks.reporting.sections.checks import Checked, read_checks
from tests.tasks.judged import output


def test_the_section(tmp_path: Path) -> None:
    stats = SurveyStats(rows=5, sources={"<b>": 5}, rejected={"<b>": 95})
    work = Workspace("report", "k", tmp_path, Runtime(store=tmp_path))
    checked = read_checks(Checks(), [output("survey", stats), output("concepts", stats)], work)
    assert checked.failed == 1 and [each.word for each in checked.lines] == ["warning", "passed"]
    template = environment().from_string(
        '{% import "page/macros.html.j2" as m with context %}{% include "page/sections/checks.html.j2" %}'
    )
    page = template.render(report={"checks": checked}, colours={}, drawings={})
    assert "1 of 2 checks did not pass" in page and "95 %" in page and "<b>" not in page
    assert "All 0 checks passed" in template.render(report={"checks": Checked(())}, colours={}, drawings={})
