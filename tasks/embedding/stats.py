"""The figures of the stages `embed` and `benchmark_images`, as their manifests hold them."""

from __future__ import annotations

from pydantic import Field

from storage.record.stats import Stats


class EmbedStats(Stats):
    """What became of one group's rows."""

    rows: int = Field(description="rows encoded")
    rejected: int = Field(description="rows in rejected.parquet")
    reasons: dict[str, int] = Field(description="rejected rows by reason")
    dimension: int = Field(description="width of the vectors; of the images' where there are both")
    dimensions: dict[str, int] = Field(description="width by modality")
    images_per_second: float | None = Field(description="speed; None without images, or where nothing was encoded")
    model_images_per_second: float | None = Field(
        default=None, description="speed of the image model alone, without reading and decoding; None as above"
    )
    share_of_model: float | None = Field(
        default=None, description="the former of the latter: how much of the model's own speed is reached"
    )
    rows_per_second: float | None = Field(description="speed; None where nothing was encoded, all being kept")
    device: str = Field(description="where the models ran")


class BenchmarkImagesStats(Stats):
    """The images of one benchmark that are scored."""

    benchmark: str = Field(description="its sub-folder of the data set, or empty")
    rows: int = Field(description="images")
