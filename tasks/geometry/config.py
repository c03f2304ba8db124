"""What is measured on embeddings, and how carefully."""

from typing import Literal

from pydantic import Field

from storage.config import Config


class GeometryConfig(Config):
    """The neighbour graph and the spanning tree of one modality's embeddings."""

    modality: Literal["image", "text"] = Field(default="image", description="which embeddings to take")
    method: Literal["auto", "exact", "knn"] = Field(
        default="auto", description="spanning tree by Prim (exact), from neighbours (knn), or by size (auto)"
    )
    neighbours: int = Field(default=16, ge=1, le=256, description="neighbours of each point in the graph")
    index: Literal["auto", "flat", "hnsw", "ivf", "ivfpq"] = Field(
        default="auto", description="auto: exact as far as that takes minutes, then a faiss inverted file (approximate)"
    )
    duplicate_distance: float = Field(
        default=0.1, ge=0, le=2, description="vectors of length 1 at most this far apart are near-duplicates"
    )
