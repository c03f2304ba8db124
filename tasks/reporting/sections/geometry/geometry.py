"""How the embedded pairs lie: spanning trees, dimension, entropy, diversity at equal size, as numbers and figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Floats
from tasks.geometry.config import GeometryConfig
from tasks.geometry.stats import ConceptsStats, GeometryStats, SpreadStats
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.settings import settings
from tasks.reporting.inputs.stage_outputs import Training
from tasks.reporting.inputs.tables import edge_lengths, read_frame, read_keywords, shards_of
from tasks.reporting.sections.geometry.concept_density import Density, density
from tasks.reporting.sections.geometry.duplicate_groups import DuplicateGroup, show_groups

DEVIATIONS = 1.96  # of a normal distribution, for 95 %


@dataclass(frozen=True)
class Spread:
    """Diversity of rows drawn from a data set.

    Attributes:
        mean_edge: mean tree edge, over draws.
        standard_error: of that mean.
        repeated: share of the drawn rows that repeat another exactly.
        size: rows in each draw.
        draws: how many.
    """

    mean_edge: float
    standard_error: float
    repeated: float
    size: int
    draws: int


@dataclass(frozen=True)
class GeometryRow:
    """How one variant's embeddings lie: the numbers that the geometry stage gave; None where it found none.

    Attributes:
        variant: the data set.
        points: embedded rows.
        mst_length: total length of the spanning tree.
        mean_edge: mean length of its edges.
        certified: share of the edges that are proved to be the shortest.
        exact: whether the tree is.
        method: how it was found.
        excess: by how much, relative to its length, a tree that is not exact may be too long.
        excess_error: standard error of `excess`.
        uniformity: length of the tree in edges of the regular simplex.
        dimension: intrinsic dimension.
        dimension_low: lower end of its interval.
        dimension_high: upper end.
        entropy: Rényi's, in nats.
        order: of the entropy.
        duplicate_groups: groups of near-duplicates.
        duplicate_rows: rows that could go and leave one like them.
        near: up to which distance pairs count as near-duplicates.
        before: diversity of all rows, at the size of `after`.
        after: diversity of the variant's.
    """

    variant: str
    points: int
    mst_length: float
    mean_edge: float
    certified: float
    exact: bool
    method: str
    excess: float | None
    excess_error: float | None
    uniformity: float
    dimension: float | None
    dimension_low: float | None
    dimension_high: float | None
    entropy: float | None
    order: float | None
    duplicate_groups: int
    duplicate_rows: int
    near: float
    before: Spread
    after: Spread

    @property
    def gain(self) -> tuple[float, float, float] | None:
        """`after / before − 1` of the mean edge, and its 95 % interval by the delta method, draws taken as independent.

        The draws share rows, so the interval is wider than it need be.
        """
        if self.before == self.after or self.before.mean_edge <= 0:
            return None
        ratio = self.after.mean_edge / self.before.mean_edge
        parts = [each.standard_error / each.mean_edge for each in (self.before, self.after) if each.mean_edge > 0]
        reach = DEVIATIONS * ratio * math.hypot(*parts) if len(parts) == 2 else 0.0
        return ratio - 1, ratio - 1 - reach, ratio - 1 + reach


@dataclass(frozen=True)
class Geometry:
    """The section; empty where nothing was embedded.

    Attributes:
        encoder: what embedded the pairs, in words.
        rows: how each variant lies.
        edges: by variant, float64 `[n − 1]`, lengths of its tree's edges.
        density: how densely the pairs of each keyword lie; None where it was not measured.
        alike: near-duplicates that are left in the first variant.
    """

    encoder: str = ""
    rows: tuple[GeometryRow, ...] = ()
    edges: Mapping[str, Floats] = field(default_factory=dict, compare=False)
    density: Density | None = None
    alike: tuple[DuplicateGroup, ...] = ()


def read_geometry(
    config: ReportConfig, training: Training, pairs: Sequence[Manifest], selection: Manifest, work: Workspace
) -> Geometry:
    """What `geometry` and `concepts` measured.

    Args:
        config: how much is shown.
        training: holds their outputs, by variant.
        pairs: all pairs, for their pictures.
        selection: holds the keywords.
        work: where the outputs lie.
    """
    if not training.geometry:
        return Geometry(training.encoder)
    first = next(iter(training.geometry.values()))
    return Geometry(
        encoder=training.encoder,
        rows=tuple(geometry_row(name, GeometryStats.of(each)) for name, each in training.geometry.items()),
        edges={name: edge_lengths(each, work) for name, each in training.geometry.items()},
        density=density(
            {name: read_frame([work.path(each, "concepts.parquet")]) for name, each in training.density.items()},
            {name: ConceptsStats.of(each).dimension for name, each in training.density.items()},
            read_keywords(selection, work),
            shown=config.concepts,
            neighbours=settings(first, GeometryConfig).neighbours,
        ),
        alike=_alike(config, first, pairs, work) if config.groups else (),
    )


def geometry_row(variant: str, figures: GeometryStats) -> GeometryRow:
    """A row of the geometry table."""
    excess, dimension, entropy = figures.excess, figures.intrinsic_dimension, figures.renyi_entropy
    return GeometryRow(
        variant=variant,
        points=figures.points,
        mst_length=figures.mst_length,
        mean_edge=figures.mean_edge,
        certified=figures.certified_fraction,
        exact=figures.exact,
        method=figures.method,
        excess=excess.relative_bound if excess else None,
        excess_error=excess.relative_standard_error if excess else None,
        uniformity=figures.uniformity,
        dimension=dimension.estimate if dimension else None,
        dimension_low=dimension.low if dimension else None,
        dimension_high=dimension.high if dimension else None,
        entropy=entropy.nats if entropy else None,
        order=entropy.order if entropy else None,
        duplicate_groups=figures.duplicate_groups,
        duplicate_rows=figures.duplicate_rows,
        near=figures.duplicate_distance,
        before=_spread(figures.diversity.everything),
        after=_spread(figures.diversity.measured),
    )


def _alike(
    config: ReportConfig, found: Manifest, pairs: Sequence[Manifest], work: Workspace
) -> tuple[DuplicateGroup, ...]:
    """Near-duplicates by the encoder of the geometry stage."""
    members = read_frame([work.path(found, "duplicates.parquet")]).rename({"group": "kept"})
    others = members.filter(pl.col("id") != pl.col("kept")).with_columns(reason=pl.lit("near-duplicate"))
    return show_groups(others, shards_of(pairs, "pairs-*.parquet", work), shown=config.groups, side=config.thumbnail)


def _spread(drawn: SpreadStats) -> Spread:
    return Spread(drawn.mean_edge, drawn.standard_error, drawn.repeated, drawn.size, drawn.draws)
