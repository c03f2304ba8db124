"""What was found in the pairs before balancing: repetitions, and leaks of the evaluation sets, with pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Floats
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs import stage_outputs as outputs
from tasks.reporting.inputs.stage_stats import real, settings_of, whole
from tasks.reporting.inputs.tables import edge_lengths, read_frame, shards_of
from tasks.reporting.sections.duplicate_groups import DuplicateGroup, show_groups
from tasks.reporting.sections.geometry import GeometryRow, geometry_row
from tasks.reporting.sections.geometry_charts import edges_figure
from tasks.reporting.sections.leaks import Leakage, read_leakage


@dataclass(frozen=True)
class Repetitions:
    """What `deduplicate` listed.

    Attributes:
        content: which bytes had to be equal: `pair`, `image`, `caption` or `none`.
        near: up to which distance pictures count as the same; None where they were not compared.
        dropped: rows that another stands for.
        groups: rows that stand for others.
        shown: some groups, for the eye to judge.
    """

    content: str
    near: float | None
    dropped: int
    groups: int
    shown: tuple[DuplicateGroup, ...] = ()


@dataclass(frozen=True)
class Screening:
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
    """

    encoder: str = ""
    rows: int = 0
    remaining: int | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    repetitions: Repetitions | None = None
    leakages: tuple[Leakage, ...] = ()
    tree: GeometryRow | None = None
    edges: Floats | None = field(default=None, compare=False)

    @property
    def dropped(self) -> int:
        """Rows that went no further."""
        return sum(self.reasons.values())


def read_screening(config: ReportConfig, screening: outputs.Screening, work: Workspace) -> Screening:
    """What screening found and dropped; all empty where it was not asked for."""
    shards = shards_of(screening.ingested, "pairs-*.parquet", work)
    tree, dropped = screening.tree, screening.dropped
    measured = geometry_row("all pairs", tree.stats) if tree else None
    return Screening(
        encoder=screening.encoder,
        rows=sum(whole(each.stats.get("rows")) or 0 for each in screening.ingested),
        remaining=sum(whole(each.stats.get("rows")) or 0 for each in dropped) if dropped else None,
        reasons=_reasons(dropped),
        repetitions=_repetitions(config, screening.duplicates, measured, shards, work)
        if screening.duplicates
        else None,
        leakages=tuple(
            read_leakage(name, each, shards, work, shown=config.leaks, side=config.thumbnail)
            for name, each in screening.leaks.items()
        ),
        tree=measured,
        edges=edge_lengths(tree, work) if tree else None,
    )


def screening_figure(screening: Screening) -> Figure | None:
    """Edges of the tree that near-duplicates are cut from; None where nothing was cut."""
    if screening.edges is None or screening.repetitions is None:
        return None
    return edges_figure({"all pairs": screening.edges}, screening.repetitions.near)


def _repetitions(
    config: ReportConfig, found: Manifest, tree: GeometryRow | None, pairs: Sequence[Path], work: Workspace
) -> Repetitions:
    settings = settings_of(found)
    return Repetitions(
        content=str(settings.get("content")),
        near=tree.near if tree and settings.get("near") == "auto" else real(settings.get("near")),
        dropped=whole(found.stats.get("dropped")) or 0,
        groups=whole(found.stats.get("groups")) or 0,
        shown=show_groups(
            read_frame([work.path(found, "dropped.parquet")]), pairs, shown=config.groups, side=config.thumbnail
        ),
    )


def _reasons(dropped: Sequence[Manifest]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for each in dropped:
        named = each.stats.get("reasons")
        reasons.update({name: whole(count) or 0 for name, count in (named if isinstance(named, dict) else {}).items()})
    return dict(sorted(reasons.items()))
