"""What counts as a duplicate or a leak, what is dropped for it, and what was taken down."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.config import Config


class DeduplicateConfig(Config):
    """Which rows are the same. The row stays whose caption matches a keyword, then the longest, then the lowest id."""

    content: Literal["image", "pair", "caption", "none"] = Field(
        default="pair", description="rows are the same when these bytes are equal; pair: image and caption"
    )
    near: Annotated[float, Field(ge=0, le=2)] | Literal["auto"] | None = Field(
        default="auto",
        description="rows are also the same when edges of the spanning tree at most this long join them (vectors of "
        "length 1: distance 0.1 is cosine 0.995); auto: as the geometry's duplicate_distance; null: not compared",
    )
    perceptual: int | None = Field(
        default=None,
        ge=0,
        le=31,
        description="rows are also the same when chains of perceptual hashes of their images (256 bits) that differ in "
        "at most so many bits join them; 24 finds copies of another size, format or compression, and unrelated images "
        "differ in 70 or more; null: not compared",
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


class ScoreFilter(Config):
    """Which rows a score lets through. Each rule looks at all rows by itself; a row stays where all rules keep it."""

    score: str = Field(min_length=1, description="a column of numbers that a source carries along (its `scores`)")
    at_least: float | None = Field(default=None, description="rows with a lower score are dropped")
    at_most: float | None = Field(default=None, description="rows with a higher score are dropped")
    top: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="the share of the rows with this score that stays, the highest; rows that tie with the last one "
        "stay too",
    )
    missing: Literal["drop", "keep"] = Field(default="drop", description="what becomes of rows without the score")

    @model_validator(mode="after")
    def _of_use(self) -> Self:
        if self.at_least is None and self.at_most is None and self.top is None:
            raise ValueError(f"the filter of {self.score!r} has no bound; set at_least, at_most or top")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"no {self.score!r} is at least {self.at_least:g} and at most {self.at_most:g}")
        return self


class DropConfig(Config):
    """What is dropped beside what screening found."""

    takedown: tuple[int, ...] = Field(default=(), description="ids taken down, as if they had never been collected")
    filter: tuple[ScoreFilter, ...] = Field(default=(), description="rules on scores")
