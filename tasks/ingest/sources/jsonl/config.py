"""Which fields of lines of JSON are read."""

from typing import Literal

from pydantic import Field

from tasks.ingest.tables.config import TextTableRules


class JsonLinesConfig(TextTableRules):
    """JSON lines: an object a line, its fields named as columns are; a caption is a text or a list of texts."""

    kind: Literal["jsonl"] = "jsonl"
    pattern: str = Field(default="**/*.json*l*", min_length=1, description="which files of the folder")
