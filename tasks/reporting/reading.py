"""What the geometry stages left, read for the report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from storage.manifest import Manifest
from storage.shards import read_table
from storage.workspace import Workspace
from tasks.reporting.config import ReportConfig
from tasks.reporting.density import Density, density
from tasks.reporting.geometry import geometry_row, real, whole
from tasks.reporting.screening import DuplicateGroup, Screening, read_leakage, read_repetitions, show_groups


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
    keywords = read_frame([work.path(selection, "entries.parquet")], ["entry", "text"]).sort("entry")["text"].to_list()
    settings = geometry[0].parameters.get("config") if geometry else None
    return density(
        {name: read_frame([work.path(each, "concepts.parquet")]) for name, each in found.items()},
        {name: real(each.stats.get("dimension")) for name, each in found.items()},
        keywords,
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


def edge_lengths(manifest: Manifest, work: Workspace) -> NDArray[np.float64]:
    return read_frame([work.path(manifest, "edges.parquet")], ["length"])["length"].cast(pl.Float64).to_numpy()


def shards_of(manifests: Sequence[Manifest], pattern: str, work: Workspace) -> list[Path]:
    return [path for manifest in manifests for path in work.paths(manifest, pattern)]


def read_frame(paths: Sequence[Path], columns: Sequence[str] | None = None) -> pl.DataFrame:
    frame = pl.from_arrow(read_table(paths, columns))
    assert isinstance(frame, pl.DataFrame)
    return frame
