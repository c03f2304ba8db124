"""What a study's page is made of; everything that it shows as text is escaped when it is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure
from pydantic import JsonValue


@dataclass(frozen=True)
class StudyFigure:
    """A figure.

    Attributes:
        draw: makes it at a width in inches, inside the project's style (`tasks.reporting.page.svg: blank`); called
            for the page's width and for a phone's, which is about that of a paper's column.
        caption: what is to be seen, with units, and what intervals are of; also read to those who cannot see it.
    """

    draw: Callable[[float], Figure]
    caption: str


@dataclass(frozen=True)
class StudyTable:
    """A table of text; a column whose name begins with > is set to the right.

    Attributes:
        caption: what it holds.
        columns: their headings.
        rows: as many cells each as there are columns.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class StudyPage:
    """One study, as it is told.

    Attributes:
        name: of the study, as the command line calls it; names the figures' files.
        title: a headline.
        question: what was asked, in a paragraph.
        answer: what came out, a sentence each, figures and intervals in it; the command line prints these.
        figures: by name.
        tables: in the order of reading, after the figures.
        method: how it was done, a sentence each: data, seeds, repetitions, what intervals are of, how tests are
            corrected.
        limits: what the study cannot say.
        numbers: everything that the figures and tables show, as strict JSON.
    """

    name: str
    title: str
    question: str
    answer: Sequence[str]
    figures: Mapping[str, StudyFigure]
    tables: Sequence[StudyTable] = ()
    method: Sequence[str] = ()
    limits: Sequence[str] = ()
    numbers: Mapping[str, JsonValue] = field(default_factory=dict)
