"""The figures of the stage `balance`, as its manifest holds them."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from storage.record.stats import Stats


class MatrixFacts(Stats):
    """What the matrix itself allows; None where it was not looked at (other methods, out of core, too many matches)."""

    components: int | None = Field(default=None, description="connected components of captions and keywords")
    largest_component: float | None = Field(default=None, description="share of the captions in the largest of them")
    margin_deficit: float | None = Field(
        default=None, description="share of the mass that no weighting of matches can bring to both margins at once"
    )
    blocking: str | None = Field(default=None, description="the keywords that prove the deficit, in a sentence")
    second_singular_value: float | None = Field(
        default=None, description="of the balanced measure's largest component, 0 to 1"
    )
    predicted_rate: float | None = Field(
        default=None, description="factor by which a full iteration should shrink raking's error"
    )


class BalanceStats(MatrixFacts):
    """What balancing reached, what it costs, and what stood in the way; None where a method has no such figure."""

    method: str = Field(description="how the weights were made, as the configuration calls it")
    rows: int = Field(description="captions, without those that are gone")
    unmatched: int = Field(description="captions without any keyword: they get no weight")
    gone: int = Field(description="captions dropped before matching: repetitions, leaks, takedown")
    matched: int = Field(description="captions with a keyword")
    matches: int = Field(description="keywords of all captions in all")
    keywords: int = Field(description="keywords that a caption holds")
    unit: Literal["rows", "pairs"] = Field(
        description="marginals compare captions split over their keywords (rows), or keyword counts (pairs)"
    )
    converged: bool = Field(description="what was aimed at was measured to be met")
    reason: str = Field(description="why the method stopped where it did, in a sentence")
    residual: float | None = Field(description="distance from what was aimed at, the larger of both margins")
    row_residual: float | None = Field(description="L1 distance of the captions' margin (rake)")
    column_residual: float | None = Field(description="distance of the keywords' margin")
    iterations: int = Field(description="half steps (rake), passes over the captions (calibrate), 0 (threshold)")
    observed_rate: float | None = Field(description="factor by which a full iteration shrank the error (rake)")
    duality_gap: float | None = Field(description="nats; certifies the optimum (calibrate)")
    threshold: float | None = Field(description="t, captions per keyword (threshold)")
    expected_size: float | None = Field(description="captions that the inclusion probabilities sum to; rake has none")
    effective_sample_size: float = Field(description="Kish, of the weights")
    design_effect: float | None = Field(description="Kish, 1 for equal weights; None for infinity")
    largest_weight: float = Field(description="1 is the mean")
    total_variation: float = Field(description="of the expected keyword marginal from the target")
    total_variation_before: float = Field(description="of the observed one from the target")
    kl: float | None = Field(description="KL(target ‖ expected) in nats; None for infinity")
    infeasible: tuple[str, ...] = Field(description="the first obstacles to the target, in sentences")
    obstacles: int = Field(description="how many were found")


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has none for it."""
    return None if value is None or not math.isfinite(value) else float(value)
