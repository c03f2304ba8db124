"""The figures of the stages `ingest`, `survey` and `benchmark`, as their manifests hold them."""

from __future__ import annotations

from pydantic import Field

from storage.record.stats import Stats


class IngestStats(Stats):
    """What became of one group's rows, and what they are."""

    source: str = Field(description="the source's name")
    kind: str = Field(description="the kind of source")
    images: str = Field(description="whose the images are: the row's own, stand-ins, rendered or none")
    class_names: tuple[str, ...] = Field(description="the names of the labels 0, 1, …; empty where they have none")
    group: str = Field(description="the group's label")
    rows: int = Field(description="accepted rows")
    rejected: int = Field(description="rows in rejected.parquet")
    reasons: dict[str, int] = Field(description="rejected rows by reason")
    rows_with_image: int = Field(description="accepted rows that hold an image")
    mean_caption_characters: float | None = Field(description="length of the captions; None without rows")
    labels: dict[str, int] = Field(description="accepted rows by label; empty where there are more than 65,536 labels")
    bytes: int = Field(description="of captions and images, as held")


class SurveyStats(Stats):
    """Rows over all sources."""

    rows: int = Field(description="rows, all of different ids")
    sources: dict[str, int] = Field(description="rows by source")
    rejected: dict[str, int] = Field(description="rejected rows by source")


class BenchmarkStats(Stats):
    """What the scenes' test set holds."""

    images: int = Field(description="pictures, the same in every task")
    classes: dict[str, int] = Field(description="classes by task")
    tasks: list[str] = Field(description="the tasks, each a folder")
