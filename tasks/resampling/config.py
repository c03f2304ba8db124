"""What can be chosen about resampling and about the curated shards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from storage.config import Config


class ResamplingConfig(Config):
    """From weights to a selection with multiplicities.

    Without a size, the expected size is what the method of balancing says: the sum of inclusion probabilities
    (threshold, calibrate); for rake one copy for a weight of 1, so the number of matched captions (poisson, which makes
    no copies: `Σ min(1, w)`).
    """

    method: Literal["poisson", "residual", "multinomial", "systematic"] = Field(
        default="residual",
        description="poisson: without replacement; residual: ⌊c·w⌋ copies and a drawn rest; multinomial: the paper's; "
        "systematic: as residual, but one start for all, along the keywords: realised counts nearest to expected ones",
    )
    size: int | None = Field(default=None, gt=0, description="expected number of rows; none: the weights' own")
    seed: int = Field(default=0, ge=0, description="seed of the hash draws")
    most_copies: int = Field(
        default=65535, ge=1, le=65535, description="copies of one caption at most (poisson makes one)"
    )


class SubsampleConfig(Config):
    """A uniform subsample of the effective size of another selection: the control for size."""

    seed: int = Field(default=0, ge=0, description="seed of the hash draws")


class CurateConfig(Config):
    """How a selection becomes shards.

    One row a distinct caption, with its `multiplicity`; copies are made by the loader, which can spread them.
    With `expand` a caption of multiplicity k becomes k rows (for trainers that know no multiplicity), spread over
    the shards by their own hashes.
    """

    seed: int = Field(default=0, ge=0, description="seed of the order of rows and of the split")
    validation: float = Field(
        default=0.0, ge=0, lt=1, description="share of images held out in validation-*.parquet, no image on both sides"
    )
    expand: bool = Field(default=False, description="write k rows of multiplicity 1 for multiplicity k")
    rows_per_shard: int = Field(default=100_000, ge=1, description="rows in a shard, about: rows go by their hash")
    bytes_per_shard: int = Field(default=256 << 20, ge=1 << 20, description="bytes in a shard, about")
