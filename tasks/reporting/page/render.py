"""The page: a report's content and the templates beside this file to one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from markupsafe import Markup

from tasks.reporting.page.svg import VARIABLES, Drawing, inlined, variant_colours
from tasks.reporting.page.templates import environment

STYLESHEET = Path(__file__).with_name("style.css")


@dataclass(frozen=True)
class Section:
    """One section of a page: its anchor, its heading, and its template, as a path below `tasks/reporting`."""

    id: str
    title: str
    template: str


class Content(Protocol):
    """What every report is made of; the templates of its sections take what they show from it by name."""

    @property
    def sections(self) -> Sequence[Section]:
        """The sections that it has, in the order of reading."""

    @property
    def variants(self) -> Sequence[str]:
        """Everything that has a colour of its own."""

    @property
    def drawings(self) -> Mapping[str, Drawing]:
        """Figures, by the name that the templates ask for."""


def render(report: Content) -> str:
    """`report.html`: no script, no request, every value escaped."""
    colours = variant_colours(report.variants)
    return (
        environment()
        .get_template("page/report.html.j2")
        .render(
            report=report,
            colours={name: VARIABLES[colour] for name, colour in colours.items()},
            stylesheet=Markup(STYLESHEET.read_text(encoding="utf-8")),
            drawings={
                name: {
                    "inline": Markup(inlined(drawing.svg, name)),
                    "narrow": Markup(inlined(drawing.narrow, f"{name}-narrow")),
                    "description": drawing.description,
                }
                for name, drawing in report.drawings.items()
            },
        )
    )
