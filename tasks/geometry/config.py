"""What is measured on embeddings, what counts as a duplicate or a leak, and what is dropped for it."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import Config


class GeometryConfig(Config):
    """The neighbour graph and the spanning tree of one modality's embeddings, and what they say."""

    modality: Literal["image", "text"] = Field(default="image", description="which embeddings to take")
    method: Literal["auto", "exact", "knn"] = Field(
        default="auto", description="spanning tree by Prim (exact), from neighbours (knn), or by size (auto)"
    )
    neighbours: int = Field(default=16, ge=1, le=256, description="neighbours of each point in the graph")
    index: Literal["auto", "flat", "hnsw", "ivf", "ivfpq"] = Field(
        default="auto", description="auto: exact up to about a million rows, then faiss IVF or IVF-PQ (approximate)"
    )
    duplicate_distance: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="vectors of length 1 at most this far apart are near-duplicates; unset: what is nearer "
        "than chance explains in this set (at most a quarter of the typical tree edge, and 0.1)",
    )
    diversity_size: int = Field(
        default=1_024, ge=16, le=8_192, description="rows in each draw when data sets are compared at equal size"
    )
    diversity_draws: int = Field(default=8, ge=2, le=64, description="draws for each data set")
    seed: int = Field(default=0, ge=0, description="seed of the draws")


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
