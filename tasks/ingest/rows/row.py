"""Rows on their way in: a pair, or a rejection with its reason."""

from dataclasses import dataclass

from tasks.ingest.reasons import Reason


@dataclass(frozen=True)
class Pair:
    """An accepted row.

    `image` is None where there is none, or where `path` is a reference to it; else that is its path in its source.
    """

    key: str
    caption: str
    image: bytes | None
    path: str | None = None
    label: int | None = None


@dataclass(frozen=True)
class Rejection:
    """A row not ingested: its key, one of the fixed reasons, and what exactly and where."""

    key: str
    reason: Reason
    detail: str
