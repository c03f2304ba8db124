"""What was found in the pairs before balancing: repetitions, and leaks of the evaluation sets, with pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Floats
from tasks.geometry.stats import GeometryStats
from tasks.ingest.stats import IngestStats
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.settings import settings
from tasks.reporting.inputs.stage_outputs import Screening
from tasks.reporting.inputs.tables import edge_lengths, read_frame, shards_of
from tasks.reporting.page.svg import WIDE
from tasks.reporting.sections.geometry.duplicate_groups import DuplicateGroup, show_groups
from tasks.reporting.sections.geometry.geometry import GeometryRow, geometry_row
from tasks.reporting.sections.geometry.geometry_charts import edges_figure
from tasks.reporting.sections.screening.leaks import Leakage, read_leakage
from tasks.screening.config import DeduplicateConfig
from tasks.screening.stats import DeduplicateStats, DropStats


@dataclass(frozen=True)
class Repetitions:
    """What `deduplicate` listed.

    Attributes:
        content: which bytes had to be equal: `pair`, `image`, `caption` or `none`.
        near: up to which distance pictures count as the same; None where they were not compared.
        perceptual: up to how many bits of perceptual hashes they do; None where hashes were not compared.
        dropped: rows that another stands for.
        groups: rows that stand for others.
        shown: some groups, for the eye to judge.
    """

    content: str
    near: float | None
    perceptual: int | None
    dropped: int
    groups: int
    shown: tuple[DuplicateGroup, ...] = ()


@dataclass(frozen=True)
class Screened:
    """Everything that was looked for before balancing; None and empty where it was not looked for.

    Attributes:
        encoder: that compared the pictures, in words.
        rows: pairs screened.
        remaining: pairs that went on.
        reasons: rows dropped, by reason.
        repetitions: rows that repeat another.
        leakages: what the pairs share with each benchmark.
        tree: of all pairs, by that encoder.
        edges: float64 `[n − 1]`, lengths of its edges.
        rejected: where the dropped rows are listed, group by group, as paths in the store.
    """

    encoder: str = ""
    rows: int = 0
    remaining: int | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    repetitions: Repetitions | None = None
    leakages: tuple[Leakage, ...] = ()
    tree: GeometryRow | None = None
    edges: Floats | None = field(default=None, compare=False)
    rejected: tuple[str, ...] = ()

    @property
    def dropped(self) -> int:
        """Rows that went no further."""
        return sum(self.reasons.values())


def read_screening(config: ReportConfig, screening: Screening, work: Workspace) -> Screened:
    """What screening found and dropped; all empty where it was not asked for."""
    shards = shards_of(screening.ingested, "pairs-*.parquet", work)
    tree, left = screening.tree, [DropStats.of(each) for each in screening.dropped]
    measured = geometry_row("all pairs", GeometryStats.of(tree)) if tree else None
    return Screened(
        encoder=screening.encoder,
        rows=sum(IngestStats.of(each).rows for each in screening.ingested),
        remaining=sum(each.rows for each in left) if left else None,
        reasons=_reasons(left),
        repetitions=_repetitions(config, screening.duplicates, measured, shards, work)
        if screening.duplicates
        else None,
        leakages=tuple(
            read_leakage(name, each, shards, work, shown=config.leaks, side=config.thumbnail)
            for name, each in screening.leaks.items()
        ),
        tree=measured,
        edges=edge_lengths(tree, work) if tree else None,
        rejected=tuple(f"{each.stage}/{each.key}/rejected.parquet" for each in screening.dropped),
    )


def screening_figure(screened: Screened, width: float = WIDE) -> Figure | None:
    """Edges of the tree that near-duplicates are cut from; None where nothing was cut."""
    if screened.edges is None or screened.repetitions is None:
        return None
    return edges_figure({"all pairs": screened.edges}, screened.repetitions.near, width)


def _repetitions(
    config: ReportConfig, found: Manifest, tree: GeometryRow | None, pairs: Sequence[Path], work: Workspace
) -> Repetitions:
    asked, figures = settings(found, DeduplicateConfig), DeduplicateStats.of(found)
    cut = asked.near if isinstance(asked.near, float) else tree.near if asked.near == "auto" and tree else None
    return Repetitions(
        content=asked.content,
        near=cut,
        perceptual=asked.perceptual,
        dropped=figures.dropped,
        groups=figures.groups,
        shown=show_groups(
            read_frame([work.path(found, "dropped.parquet")]), pairs, shown=config.groups, side=config.thumbnail
        ),
    )


def _reasons(left: Sequence[DropStats]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for each in left:
        reasons.update(each.reasons)
    return dict(sorted(reasons.items()))
