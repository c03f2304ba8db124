"""The figures of the stages `ingest` and `survey`, as their manifests hold them."""

from __future__ import annotations

from pydantic import Field

from storage.record.stats import Stats


class IngestStats(Stats):
    """What one group of a source gave."""

    source: str = Field(description="the source's name")
    kind: str = Field(description="its kind, as configured")
    images: str = Field(description="whose the images are, in words")
    class_names: tuple[str, ...] = Field(description="names of the labels, by number")
    group: str = Field(description="which group, such as 1/4")
    rows: int = Field(description="pairs taken")
    rejected: int = Field(description="rows not taken")
    reasons: dict[str, int] = Field(description="the same by reason")
    rows_with_image: int = Field(description="pairs that have an image")
    distinct_image_paths: int = Field(description="different paths of images")
    mean_caption_characters: float | None = Field(description="of the pairs; None where there are none")
    labels: dict[str, int] = Field(description="pairs of each label")


class SurveyStats(Stats):
    """What all groups gave together."""

    rows: int = Field(description="pairs, no two of one id")
    sources: dict[str, int] = Field(description="pairs of each source")
