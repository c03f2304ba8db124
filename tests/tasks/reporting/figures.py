"""Figures of stages, with what a test does not care about filled in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from storage.record.manifest import Manifest
from tasks.balancing.stats import BalanceStats
from tasks.geometry.stats import DimensionStats, DiversityStats, EntropyStats, GeometryStats, SpreadStats
from tasks.ingest.stats import IngestStats
from tasks.resampling.stats import RealiseStats
from tasks.training.stats import ClipStats


def balance_stats(**figures: Any) -> BalanceStats:
    """Of `balance`: raking that was stopped."""
    rest = {
        "method": "rake",
        "rows": 40,
        "unmatched": 4,
        "gone": 0,
        "matched": 36,
        "matches": 60,
        "keywords": 5,
        "unit": "rows",
        "converged": False,
        "reason": "",
        "residual": 0.2,
        "row_residual": 0.2,
        "column_residual": 0.0,
        "iterations": 3,
        "observed_rate": None,
        "duality_gap": None,
        "threshold": None,
        "expected_size": None,
        "effective_sample_size": 33.2,
        "design_effect": 1.08,
        "largest_weight": 1.5,
        "total_variation": 0.1,
        "total_variation_before": 0.3,
        "kl": None,
        "infeasible": (),
        "obstacles": 0,
    }
    return BalanceStats(**(rest | figures))


def ingest_manifest(class_names: Sequence[str], labels: Mapping[str, int]) -> Manifest:
    """Of a group of pairs with these labels."""
    stats = IngestStats(
        source="s", kind="csv", images="none", class_names=tuple(class_names), group="1/1", rows=9, rejected=0,
        reasons={}, rows_with_image=0, mean_caption_characters=1.0, labels=dict(labels), bytes=1,
    )  # fmt: skip
    return Manifest(
        stage="ingest", key="k", digest="d", files=(), code="c", parameters={}, software={},
        stats=stats.model_dump(mode="json"), created=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def realise_stats(**figures: Any) -> RealiseStats:
    """Of `realise`: 46 copies of 30 captions."""
    rest = {
        "method": "residual",
        "unit": "rows",
        "size": 46,
        "expected_size": 46.0,
        "scale": 1.0,
        "own_inclusion": False,
        "distinct": 30,
        "duplicates": 16,
        "largest_multiplicity": 3,
        "effective_sample_size": 25.0,
        "total_variation": 0.1,
        "kl": None,
        "lost_keywords": 0,
        "mean_bytes": 100,
    }
    return RealiseStats(**(rest | figures))


def diversity_stats(
    before: tuple[float, float], after: tuple[float, float], *, repeated: float = 0.0
) -> DiversityStats:
    """Mean edge and its standard error, of all rows and of the measured ones."""
    everything, measured = (
        SpreadStats(mean_edge=mean, standard_error=error, uniformity=0.3, repeated=repeated, size=16, draws=8)
        for mean, error in (before, after)
    )
    return DiversityStats(measured=measured, all=everything)


def geometry_stats(**figures: Any) -> GeometryStats:
    """Of `geometry`: an approximate tree of 40 points."""
    rest = {
        "points": 40,
        "dimension": 64,
        "modality": "image",
        "mst_length": 20.0,
        "mean_edge": 20 / 39,
        "certified_fraction": 0.75,
        "uniformity": -0.5,
        "median_edge": 0.5,
        "duplicate_distance": 0.1,
        "duplicate_groups": 1,
        "duplicate_rows": 2,
        "exact_repetitions": 0,
        "requeries": 0,
        "method": "approximate: Borůvka",
        "neighbour_method": "exact",
        "exact": False,
        "excess": None,
        "intrinsic_dimension": DimensionStats(estimate=3.2, low=3.0, high=3.4, raw=3.1, points=40),
        "renyi_entropy": EntropyStats(nats=-1.5, order=0.69),
        "diversity": diversity_stats((0.5, 0.01), (0.5, 0.01)),
    }
    return GeometryStats(**(rest | figures))


def clip_stats(**figures: Any) -> ClipStats:
    """Of `train`, with T-REG."""
    rest = {
        "steps": 50,
        "examples_seen": 6400,
        "distinct_examples": 30,
        "resumed_at": 0,
        "seconds": 1.0,
        "final_loss": 2.0,
        "final_contrastive": 2.0,
        "logit_scale": 14.0,
        "image_norm": 81.5,
        "text_norm": 90.25,
        "image_tree": None,
        "text_tree": None,
        "predicted_norm": 106.75,
        "without_image": 0,
    }
    return ClipStats(**(rest | figures))
