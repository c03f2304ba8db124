"""What is asked of the geometry of embeddings: that they have not collapsed."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.geometry.stats import GeometryStats
from tasks.limits import AtLeast, AtMost, Finding, held, share


class GeometryChecks(Config):
    """Checks of how embedded pairs lie."""

    dimension: AtLeast = Field(
        default_factory=lambda: AtLeast(least=1.0),
        description="intrinsic dimension of the embeddings; below it they have collapsed onto a curve or onto points",
    )
    same_place: AtMost = Field(
        default_factory=lambda: AtMost(most=0.9), description="share of the points that lie exactly on another"
    )


def judge_geometry(manifest: Manifest, folder: Path, limits: GeometryChecks) -> Iterator[Finding]:
    """Dimension, and points in one place."""
    stats = GeometryStats.of(manifest)
    if stats.intrinsic_dimension is not None:
        words = f"is the intrinsic dimension of the {stats.modality} embeddings"
        yield from held("geometry.dimension", limits.dimension, stats.intrinsic_dimension.estimate, words)
    if stats.points:
        words = f"of the {stats.modality} embeddings lie exactly on another"
        yield from held("geometry.same_place", limits.same_place, stats.exact_repetitions / stats.points, words, share)


JUDGES: Mapping[str, Callable[[Manifest, Path, GeometryChecks], Iterator[Finding]]] = {"geometry": judge_geometry}
