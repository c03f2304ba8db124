"""The figures of the stages `geometry` and `concepts`, as their manifests hold them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from storage.record.stats import Stats


class ExcessStats(Stats):
    """By how much a tree that is not exact may be too long; None where it could not be estimated."""

    relative_bound: float | None = Field(description="over the tree's length")
    relative_standard_error: float | None = Field(description="of that bound")
    assessed: int = Field(description="edges assessed")
    unassessed: int = Field(description="edges that could not be")


class DimensionStats(Stats):
    """Intrinsic dimension."""

    estimate: float = Field(description="along how many independent directions the points spread")
    low: float = Field(description="lower end of its 95 % interval")
    high: float = Field(description="upper end")
    raw: float = Field(description="before its bias was corrected")
    points: int = Field(description="different points that it rests on")


class EntropyStats(Stats):
    """Rényi entropy on a set of the intrinsic dimension."""

    nats: float = Field(description="the entropy")
    order: float = Field(description="its order")


class SpreadStats(Stats):
    """Diversity of rows drawn from a data set."""

    mean_edge: float = Field(description="tree length over rows, averaged over draws")
    standard_error: float = Field(description="of that average")
    uniformity: float = Field(description="of T-REGS, at this size")
    repeated: float = Field(description="mean share of drawn rows that repeat another exactly")
    size: int = Field(description="rows in each draw")
    draws: int = Field(description="draws")


class DiversityStats(Stats):
    """The measured rows and all embedded ones, at equal size."""

    measured: SpreadStats = Field(description="the selection, copies included")
    everything: SpreadStats = Field(alias="all", description="all embedded rows")


class GeometryStats(Stats):
    """How a set of embeddings lies."""

    points: int = Field(description="rows measured")
    dimension: int = Field(description="of the embeddings")
    modality: Literal["image", "text"] = Field(description="which embeddings")
    mst_length: float = Field(description="total length of the spanning tree")
    mean_edge: float = Field(description="mean length of its edges")
    certified_fraction: float = Field(description="share of its edges that are proved to be the shortest")
    uniformity: float = Field(description="length of the tree in edges of the regular simplex (T-REGS)")
    median_edge: float = Field(description="median length of the tree's edges")
    duplicate_distance: float = Field(description="up to which rows count as near-duplicates")
    duplicate_groups: int = Field(description="groups of near-duplicates")
    duplicate_rows: int = Field(description="rows that could go and leave one like them")
    exact_repetitions: int = Field(description="rows at distance 0 from another")
    requeries: int = Field(description="searches for links between components")
    method: str = Field(description="how the tree was found")
    neighbour_method: str = Field(description="how the neighbours were found")
    exact: bool = Field(description="whether the tree is the minimum one")
    excess: ExcessStats | None = Field(description="None where the tree is exact")
    intrinsic_dimension: DimensionStats | None = Field(description="None for too few points")
    renyi_entropy: EntropyStats | None = Field(description="None where the dimension is at most 1 or not known")
    diversity: DiversityStats = Field(description="before and after, at equal size")


class ConceptsStats(Stats):
    """How densely each keyword's rows lie."""

    concepts: int = Field(description="keywords measured")
    dimension: float | None = Field(description="that densities were computed with; None: 1")
