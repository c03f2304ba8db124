"""What a check is: a figure of a stage's output, the limit that it is held against, and what comes of it.

The rooms declare their checks in `checks.py`, beside the stages that they judge. A limit says how grave it is to miss
it: an error stops before the next stage begins, a warning is told. Limits enter no key but the report's.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from storage.config import Config
from storage.record.manifest import Manifest

if TYPE_CHECKING:
    import pyarrow as pa

Severity = Literal["error", "warning", "off"]


class Limit(Config):
    """How grave it is that a check fails."""

    severity: Severity = Field(
        default="warning",
        description="error: nothing that reads the output begins, and the run fails; warning: it is told; off: nothing",
    )


class Holds(Limit):
    """Something that holds or does not."""


class AtLeast(Limit):
    """A floor."""

    least: float = Field(default=0.0, description="the least that passes")


class AtMost(Limit):
    """A ceiling."""

    most: float = Field(default=0.0, description="the most that passes")


class Within(Limit):
    """A floor and a ceiling."""

    least: float = Field(default=0.0, description="the least that passes")
    most: float = Field(default=0.0, description="the most that passes")

    @model_validator(mode="after")
    def _some_pass(self) -> "Within":
        if self.least > self.most:
            raise ValueError(f"nothing is at least {self.least:g} and at most {self.most:g}; exchange the two")
        return self


@dataclass(frozen=True)
class Finding:
    """What one check says of one output.

    Attributes:
        check: its name in the configuration below `checks`: `balancing.matched`.
        severity: error or warning, were it to fail.
        passed: whether the figure is within the limit.
        said: figure and limit in a sentence.
        value: the figure; None where there is none.
    """

    check: str
    severity: Severity
    passed: bool
    said: str
    value: float | None = None

    @property
    def refuses(self) -> bool:
        """Whether nothing may be made of the output."""
        return not self.passed and self.severity == "error"


Judge = Callable[[Manifest, Path], Iterator[Finding]]
"""Judges an output, given its manifest and the folder of its files."""

Shown = Callable[[float], str]
"""How a figure is written."""


def share(value: float) -> str:
    """A share, in percent; one that is not all of it is not rounded to that."""
    text = f"{100 * value:.3g}"
    return f"{100 * value:.10g} %" if text == "100" else f"{text} %"


def plain(value: float) -> str:
    """A number of any size."""
    return f"{value:,.0f}" if math.isfinite(value) and value == int(value) else f"{value:.4g}"


def held(check: str, limit: Limit, value: float, words: str, shown: Shown = plain) -> Iterator[Finding]:
    """A figure against its limit; nothing where the check is off, and no number passes none.

    Args:
        check: its name below `checks`.
        limit: `AtLeast`, `AtMost` or `Within`.
        value: the figure.
        words: what it is a figure of, such as `rows came in`; they follow it.
        shown: how it and the limit are written.
    """
    if limit.severity == "off":
        return
    passed, asked = not math.isnan(value), []
    if isinstance(limit, AtLeast | Within):
        passed &= value >= limit.least
        asked.append(f"at least {shown(limit.least)}")
    if isinstance(limit, AtMost | Within):
        passed &= value <= limit.most
        asked.append(f"at most {shown(limit.most)}")
    said = f"{shown(value)} {words} (asked: {', '.join(asked)})"
    yield Finding(check, limit.severity, passed, said, value if math.isfinite(value) else None)


def holds(check: str, limit: Holds, passed: bool, words: str) -> Iterator[Finding]:
    """Something that holds or does not; nothing where the check is off."""
    if limit.severity != "off":
        yield Finding(check, limit.severity, passed, words)


def promised_columns(
    check: str, limit: Holds, manifest: Manifest, folder: Path, begins: str, schema: "pa.Schema"
) -> Iterator[Finding]:
    """Whether an output's tables have the promised columns and types, from the footers of the first and the last.

    Columns after those are as they may be: scores have names of their own.

    Args:
        check: its name below `checks`.
        limit: how grave it is.
        manifest: of the output.
        folder: of its files.
        begins: how the names of its tables begin.
        schema: what is promised.
    """
    if limit.severity == "off":
        return
    from pyarrow.parquet import read_schema

    tables = [file.path for file in manifest.files if file.path.startswith(begins)]
    for name in dict.fromkeys(tables[:1] + tables[-1:]):
        found = read_schema(folder / name)
        wrong = [
            f"{field.name} is {found.field(field.name).type if field.name in found.names else 'missing'}"
            for field in schema
            if field.name not in found.names or found.field(field.name).type != field.type
        ]
        if wrong:
            yield Finding(
                check, limit.severity, False, f"{name} of {manifest.name} has other columns: {', '.join(wrong)}"
            )
            return
    yield from holds(check, limit, True, "tables have the promised columns")
