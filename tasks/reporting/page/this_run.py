"""What only the run itself knows: its command, its code's commit, its Python, the whole configuration, all its checks.

A page is a stage's output, the same bytes whoever made it, so none of this can be in it. It has a place for it,
`PLACE`, that is filled in when a run brings the page to its folder; and a study, whose last stage is handed what was
measured alone, has one for the checks of all its runs, `CHECKS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.checks import Verdict
from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.page.templates import environment

PLACE = "<!-- this run -->"
"""Where the page takes it; no caption can spell it, as all text of others is escaped."""
CHECKS = "<!-- checks -->"
"""Where a page takes a section of checks."""

MOST_LINES = 1_500  # of a configuration that the page shows
LONGEST = 400  # characters of one of its lines


@dataclass(frozen=True, kw_only=True)
class ThisRun:
    """What a run says of itself.

    Attributes:
        command: how it was started.
        again: the command that does the same from what lies in the run's folder.
        facts: what the code and the machine were, by name.
        digests: of what went in and came out, by name; several where it was done in parts.
        configuration: every field, as YAML.
        path: where that YAML lies.
    """

    command: str
    again: str
    facts: Mapping[str, str]
    digests: Mapping[str, Sequence[str]]
    configuration: str
    path: str


def with_this_run(page: str, run: ThisRun) -> str:
    """The page with what the run says of itself; unchanged where it has no place for it."""
    if PLACE not in page:
        return page
    lines = [_line(line) for line in run.configuration.splitlines()]
    template = environment().get_template("page/this_run.html.j2")
    shown = template.render(run=run, lines=lines[:MOST_LINES], left=max(0, len(lines) - MOST_LINES))
    return page.replace(PLACE, shown, 1)


def with_checks(page: str, lines: Sequence[Verdict]) -> str:
    """The page with a section of checks; unchanged where it has no place for it, or nothing was checked."""
    if CHECKS not in page or not lines:
        return page
    checks = {"lines": lines, "failed": sum(each.failed > 0 for each in lines)}
    template = environment().get_template("page/checked.html.j2")
    return page.replace(CHECKS, template.render(report={"checks": checks}, colours={}, drawings={}), 1)


def _line(line: str) -> str:
    """A line of YAML with its indentation, and nothing that could turn the rest of it round."""
    text = line.lstrip(" ")
    return " " * (len(line) - len(text)) + displayed(text, LONGEST)
