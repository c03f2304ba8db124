"""The figures of the stages `select`, `subsample` and `curate`, as their manifests hold them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from storage.record.stats import Stats


class SelectStats(Stats):
    """What was drawn, and how near its keywords are to the target."""

    method: Literal["poisson", "residual", "multinomial", "systematic"] = Field(description="how copies were drawn")
    unit: Literal["rows", "pairs"] = Field(description="the unit of the marginals, that of the balancing")
    size: int = Field(description="copies drawn")
    expected_size: float = Field(description="expectation of the size")
    scale: float = Field(description="expected copies of a caption of weight 1")
    own_inclusion: bool = Field(description="the balancing's own expectations were used as they are")
    distinct: int = Field(description="different captions drawn")
    duplicates: int = Field(description="copies beyond the first of a caption")
    largest_multiplicity: int = Field(description="copies of the caption drawn most")
    effective_sample_size: float = Field(description="Kish, of the multiplicities")
    total_variation: float = Field(description="of the realised keyword marginal from the target")
    kl: float | None = Field(description="KL(target ‖ realised) in nats; None for infinity")
    lost_keywords: int = Field(description="keywords with a target that no drawn caption holds")


class SubsampleStats(Stats):
    """The size of a uniform subset."""

    size: int = Field(description="captions drawn")
    among: int = Field(alias="of", description="captions to draw from")


class CurateStats(Stats):
    """What the curated shards hold."""

    distinct: int = Field(description="different captions")
    copies: int = Field(description="copies of them in all")
    rows: int = Field(description="rows in curated-*.parquet")
    validation_rows: int | None = Field(
        default=None, description="rows in validation-*.parquet; None where none is held out"
    )
    bytes: int = Field(description="of all files")
