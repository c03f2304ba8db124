"""The figures of the stages of screening, as their manifests hold them."""

from __future__ import annotations

from pydantic import Field

from storage.record.stats import Stats


class HashStats(Stats):
    """Images with perceptual hashes."""

    rows: int = Field(description="pairs looked at")
    hashed: int = Field(description="those with an image that is not plain, and so has a hash")


class DeduplicateStats(Stats):
    """Rows that repeat another."""

    rows: int = Field(description="pairs looked at")
    dropped: int = Field(description="rows that another stands for")
    groups: int = Field(description="rows that stand for others")
    reasons: dict[str, int] = Field(description="rows that another stands for, by reason")


class LeakageStats(Stats):
    """What the pairs share with one benchmark."""

    benchmark: str = Field(description="its name")
    rows: int = Field(description="pairs compared")
    evaluation_rows: int = Field(description="evaluation rows that they were compared with")
    distance: float = Field(description="up to which a pair counts as a leak")
    leaks: int = Field(description="pairs within that distance")
    leaked_evaluation_rows: int = Field(description="evaluation rows that they give away")
    nearest: float | None = Field(description="smallest distance found; None without pairs")
    captions: int = Field(description="captions that repeat a class prompt")
    dropped: int = Field(description="rows listed to be dropped")


class BoundsStats(Stats):
    """Where top shares end."""

    bounds: list[float | None] = Field(description="the last score that stays, by rule; None without a top share")


class DropStats(Stats):
    """What is left of one group of pairs."""

    rows: int = Field(description="pairs that go on")
    rejected: int = Field(description="pairs dropped")
    reasons: dict[str, int] = Field(description="the same by reason")
