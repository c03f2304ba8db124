"""What the geometry stages left, read for the report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.frames import read_frame
from tasks.reporting.sections.concept_density import Density, density
from tasks.reporting.sections.geometry import geometry_row, real, whole
from tasks.reporting.sections.screening import DuplicateGroup, Screening, read_leakage, read_repetitions, show_groups


def read_screening(
    config: ReportConfig,
    encoder: str,
    pairs: Sequence[Manifest],
    dropped: Sequence[Manifest],
    tree: Manifest | None,
    duplicates: Manifest | None,
    compared: Sequence[tuple[str, Manifest, Manifest]],
    work: Workspace,
) -> Screening:
    """What screening found and dropped; all empty where it was not asked for.

    encoder: in words. tree: of all pairs. compared: a benchmark's name, its leaks, and its images as pairs.
    """
    shards = shards_of(pairs, "pairs-*.parquet", work)
    repetitions, measured = None, geometry_row("all pairs", tree.stats) if tree else None
    if duplicates is not None:
        listed = work.path(duplicates, "dropped.parquet")
        repetitions = read_repetitions(duplicates, listed, shards, measured, shown=config.groups, side=config.thumbnail)
    return Screening(
        encoder=encoder,
        rows=sum(whole(each.stats.get("rows")) or 0 for each in pairs),
        remaining=sum(whole(each.stats.get("rows")) or 0 for each in dropped) if dropped else None,
        reasons=_reasons(dropped),
        repetitions=repetitions,
        leakages=tuple(
            read_leakage(
                name, found, work.directory(found), shards, shards_of([shown], "pairs-*.parquet", work),
                shown=config.leaks, side=config.thumbnail,
            )
            for name, found, shown in compared
        ),
        tree=measured,
        edges=edge_lengths(tree, work) if tree else None,
    )  # fmt: skip


def _reasons(dropped: Sequence[Manifest]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for each in dropped:
        named = each.stats.get("reasons")
        reasons.update({name: whole(count) or 0 for name, count in (named if isinstance(named, dict) else {}).items()})
    return dict(sorted(reasons.items()))


def read_density(
    config: ReportConfig,
    found: Mapping[str, Manifest],
    selection: Manifest,
    geometry: Sequence[Manifest],
    work: Workspace,
) -> Density | None:
    """How densely the keywords' pairs lie, by variant; None where it was not measured. found: outputs of `concepts`."""
    settings = geometry[0].parameters.get("config") if geometry else None
    return density(
        {name: read_frame([work.path(each, "concepts.parquet")]) for name, each in found.items()},
        {name: real(each.stats.get("dimension")) for name, each in found.items()},
        read_keywords(selection, work),
        shown=config.concepts,
        neighbours=whole(settings.get("neighbours")) if isinstance(settings, dict) else None,
    )


def read_alike(
    config: ReportConfig, geometry: Sequence[Manifest], pairs: Sequence[Manifest], work: Workspace
) -> tuple[DuplicateGroup, ...]:
    """Near-duplicates in the first variant, by the encoder of the geometry stage."""
    if not geometry or not config.groups:
        return ()
    members = read_frame([work.path(geometry[0], "duplicates.parquet")]).rename({"group": "kept"})
    others = members.filter(pl.col("id") != pl.col("kept")).with_columns(reason=pl.lit("near-duplicate"))
    return show_groups(others, shards_of(pairs, "pairs-*.parquet", work), shown=config.groups, side=config.thumbnail)


def read_keywords(selection: Manifest, work: Workspace) -> list[str]:
    """The texts of all entries, in the order of their numbers."""
    entries = read_frame([work.path(selection, "entries.parquet")], ["entry", "text"])
    return entries.sort("entry")["text"].to_list()


def edge_lengths(manifest: Manifest, work: Workspace) -> NDArray[np.float64]:
    """Lengths of a spanning tree's edges, float64 `[n - 1]`, from the output of `geometry`."""
    return read_frame([work.path(manifest, "edges.parquet")], ["length"])["length"].cast(pl.Float64).to_numpy()


def shards_of(manifests: Sequence[Manifest], pattern: str, work: Workspace) -> list[Path]:
    """The files of several outputs that match a pattern, output by output."""
    return [path for manifest in manifests for path in work.paths(manifest, pattern)]
