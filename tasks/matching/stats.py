"""The figures of the stages `metadata` and `match`, as their manifests hold them."""

from __future__ import annotations

from pydantic import Field

from storage.record.stats import Stats


class MetadataStats(Stats):
    """The keyword list, and its faults."""

    entries: int = Field(description="keywords")
    dead: int = Field(description="keywords that their own text does not match")
    duplicates: int = Field(description="keywords whose text another has")
    shadowed: int = Field(description="keywords that normalising makes equal to another")
    sources: dict[str, int] = Field(description="keywords that each kind of source lists")
    index_bytes: int = Field(description="memory of the index")


class MatchStats(Stats):
    """What matched in one group of pairs."""

    rows: int = Field(description="captions")
    matched: int = Field(description="captions with a keyword")
    matches: int = Field(description="keywords of all captions in all")
