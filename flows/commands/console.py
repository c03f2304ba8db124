"""What all commands print to, and how: for a person at a terminal, for a file, or as JSON for a program."""

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from numbers import Integral, Real
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from tasks.reporting.inputs.untrusted import legible

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output, for programs")]
WIDE = 100_000  # columns of what is no terminal: nothing is wrapped or cut that another program reads


class Terminal(Console):
    """A console that obeys nobody's text: what would move a terminal's cursor or turn its line round is spelled out.

    Lines of tables end with their text where they go to no terminal: no spaces that only a person's eye passes over.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does, with every text legible; colours are added later, and are ours."""
        rendered = super().render(renderable, options)
        for segment in rendered if self.is_terminal or not isinstance(renderable, Table) else _unpadded(rendered):
            shown = segment.text if segment.control else legible(segment.text)
            yield segment if shown == segment.text else Segment(shown, segment.style)


def _unpadded(table: Iterable[Segment]) -> Iterable[Segment]:
    for line in Segment.split_lines(table):
        while line and not line[-1].text.rstrip(" "):
            line.pop()
        yield from line[:-1]
        for text, style, _ in line[-1:]:
            yield Segment(text.rstrip(" "), style)
        yield Segment.line()


console = Terminal(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE)


def say(line: str) -> None:
    """One line as it is: no markup, no colours, never wrapped."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def many(count: int, what: str) -> str:
    """A count with its noun, whose plural takes an s: 1 file, 2,000 files."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def whisper(line: str) -> None:
    """One line about what goes on, on standard error: standard output holds the answer alone."""
    sys.stderr.write(f"{legible(line)}\n")
    sys.stderr.flush()


def say_json(value: object) -> None:
    """A value as strict JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value: object) -> object:
    """A value as JSON has it: dataclasses and models as objects, paths as text, numbers that do not exist as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclass_fields(value)}
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return str(value)


def plain_table(*columns: str) -> Table:
    """A table without lines, its first row bold; columns whose names begin with > are numbers, set to the right."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left")
    return table


def percent(share: float | None, digits: str = ".1f") -> str:
    """A share as a number of hundredths, without the sign; a dash where there is none."""
    return "–" if share is None else f"{100 * share:{digits}}"
