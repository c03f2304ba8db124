"""What is measured on embeddings."""

from typing import Literal

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
