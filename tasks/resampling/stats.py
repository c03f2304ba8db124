"""The figures of the stages of resampling, as their manifests hold them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from storage.record.stats import Stats

Method = Literal["poisson", "residual", "multinomial", "systematic"]


class ScaleStats(Stats):
    """From masses to expected copies."""

    method: Method = Field(description="how copies are drawn")
    scale: float = Field(description="expected copies of a caption of weight 1")
    limit: float | None = Field(description="the most that one caption may be expected; None for no limit")
    own_inclusion: bool = Field(description="the balancing's own expectations are used as they are")
    mean: float = Field(description="the mass that a weight of 1 stands for")
    wanted: int = Field(description="rows wanted")
    expected_size: float = Field(description="rows expected, as summed over all captions")


class SelectStats(Stats):
    """What was drawn of one group."""

    size: int = Field(description="copies drawn")
    distinct: int = Field(description="different captions drawn")
    squares: int = Field(description="sum of the squared multiplicities")
    largest_multiplicity: int = Field(description="copies of the caption drawn most")


class RealiseStats(Stats):
    """What was drawn in all, and how near its keywords are to the target."""

    method: Method = Field(description="how copies were drawn")
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
    mean_bytes: int = Field(description="of a pair, rounded up")


class SubsampleStats(Stats):
    """A uniform subset: the rows whose hash words are smallest."""

    size: int = Field(description="captions drawn")
    among: int = Field(alias="of", description="captions to draw from")
    limit: int = Field(description="the largest word that is drawn")


class ThinStats(Stats):
    """What a uniform subset holds of one group."""

    size: int = Field(description="captions drawn")


class ScatterStats(Stats):
    """A group's selected rows, sorted by shard."""

    rows: int = Field(description="rows")
    held_out: int = Field(description="of them for validation")
    shards: int = Field(description="shards of the whole")


class GatherStats(Stats):
    """Shards in their final form."""

    rows: int = Field(description="rows in curated-*.parquet")
    validation_rows: int | None = Field(
        default=None, description="rows in validation-*.parquet; None where none is held out"
    )
    shards: int = Field(description="shards written")
    bytes: int = Field(description="of all files")
    repeated_ids: int | None = Field(description="ids of more than one row; None where copies are rows of their own")
    split_ids: int | None = Field(description="ids on both sides; None where none is held out")
