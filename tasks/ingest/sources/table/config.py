"""Which columns of a CSV or TSV file are read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tasks.ingest.tables.config import TextTableRules

PRESETS: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {
        "open_clip": {"caption_column": "title", "image_column": "filepath", "separator": "\t"},
        "laion": {"caption_column": "TEXT", "image_column": None},
        "datacomp": {"caption_column": "text", "image_column": None, "key_column": "uid"},
    }
)
"""The columns of tables that many people hold."""


class TableConfig(TextTableRules):
    """A CSV or TSV file with a header, or several: any column of captions, and perhaps one of image paths."""

    kind: Literal["table"] = "table"
    pattern: str = Field(default="**/*.[ct]sv*", min_length=1, description="which files of the folder")
    preset: Literal["open_clip", "laion", "datacomp"] | None = Field(
        default=None,
        description="open_clip: filepath and title, TAB between; laion: TEXT alone; datacomp: text alone, uid as the "
        "key; what is set beside it holds",
    )
    separator: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        pattern=r"^[\x00-\x7f]$",
        description="the character between fields; null: TAB, comma, semicolon or bar, as the header has it",
    )
    header: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="the names of the columns, in order, of a file without a header, such as [caption, url]; empty: "
        "the first line has them",
    )
    quotes: Literal["csv", "raw"] = Field(
        default="csv",
        description="csv: quoted fields are unquoted (RFC 4180); raw: quotes stay as in the file, and a row is a line",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:  # noqa: ANN401  whatever was given
        preset = values.get("preset") if isinstance(values, Mapping) else None
        return {**PRESETS[preset], **values} if isinstance(preset, str) and preset in PRESETS else values

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "TableConfig":
        if self.separator in ('"', "\r", "\n"):
            raise ValueError("separator cannot be a quote or the end of a line")
        return self
