"""What counts as a duplicate or a leak, what is dropped for it, and what was taken down."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import Config


class DeduplicateConfig(Config):
    """Which rows are the same. The row with the lowest id stays."""

    content: Literal["image", "pair", "caption", "none"] = Field(
        default="pair", description="rows are the same when these bytes are equal; pair: image and caption"
    )
    near: Annotated[float, Field(ge=0, le=2)] | Literal["auto"] | None = Field(
        default="auto",
        description="rows are also the same when edges of the spanning tree at most this long join them (vectors of "
        "length 1: distance 0.1 is cosine 0.995); auto: as the geometry's duplicate_distance; null: content alone",
    )


class LeakageConfig(Config):
    """When a training row counts as a leak of the evaluation set."""

    modality: Literal["image", "text"] = Field(default="image", description="which embeddings to compare")
    distance: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="embeddings of length 1 at most this far apart are the same picture; unset: what is nearer "
        "than chance explains among the nearest distances (at most a quarter of the typical one, and 0.1)",
    )
    captions: bool = Field(default=True, description="also look for captions that repeat a class prompt word for word")
    drop: Literal["images", "captions", "both", "none"] = Field(
        default="images", description="which leaks the list of rows to drop holds"
    )
    listed: int = Field(default=1_000, ge=0, le=1_000_000, description="most nearest pairs to list, leaks or not")
    pictures: int = Field(default=24, ge=0, le=200, description="most nearest pairs to draw")


class DropConfig(Config):
    """What is dropped beside what screening found."""

    takedown: tuple[int, ...] = Field(default=(), description="ids taken down, as if they had never been collected")
