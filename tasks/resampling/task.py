"""The stages of resampling: a law to a selection, group by group, and the selection to shards in hash order.

scale ─ select (each group) ─ realise ─ scatter (each group) ─ gather
└──── subsample ─ thin (each group)
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.resampling.config import CurateConfig, ResamplingConfig, SubsampleConfig
from tasks.resampling.stats import (
    GatherStats,
    RealiseStats,
    ScaleStats,
    ScatterStats,
    SelectStats,
    SubsampleStats,
    ThinStats,
)


@stage("scale", version=1, modules=())
def scale(config: ResamplingConfig, balanced: Manifest, matches: Sequence[Manifest], *, work: Workspace) -> ScaleStats:
    """The factor from masses to expected copies, solved for the size wanted.

    Of systematic and multinomial selections, whose draws depend on each other, the copies are drawn here, in memory:
    `drawn.parquet`.
    """
    from storage.tables.shards import read_table, write_table
    from tasks.balancing.law.law import NUMBERS, VECTORS, Law
    from tasks.balancing.matrix.mappers import mapped
    from tasks.balancing.matrix.match_stream import MatchStream
    from tasks.resampling.sampling.expectation import solve_expectation
    from tasks.resampling.sampling.together import draw_together

    law = Law.read(work.path(balanced, VECTORS), work.path(balanced, NUMBERS))
    columns = len(read_table(work.path(balanced, VECTORS), ["vector"]))
    shards = work.shards(matches, "matches-*.parquet")
    found = solve_expectation(config, law, MatchStream(shards, columns, mapper=mapped(work.runtime.workers)))
    if config.method in ("systematic", "multinomial"):
        write_table(work.output / "drawn.parquet", draw_together(config, law, found, shards, columns))
    stats = ScaleStats(
        method=config.method,
        scale=found.scale,
        limit=found.limit,
        own_inclusion=found.own,
        mean=found.mean,
        wanted=found.wanted,
        expected_size=found.expected,
    )
    _write_figures(work, stats)
    return stats


@stage("select", version=2, modules=())
def select(
    config: ResamplingConfig, balanced: Manifest, scaled: Manifest, matches: Manifest, *, work: Workspace
) -> SelectStats:
    """Draw one group: weigh, expect, draw by the hash of the id, and count.

    Writes `selection-*.parquet`, one for each file of matches, rows in the same order; and `drawn.parquet`, counts of
    keywords.
    """
    import numpy as np

    from storage.tables.shards import read_table, write_table
    from tasks.balancing.law.law import NUMBERS, VECTORS, Law
    from tasks.resampling.sampling.expectation import Expectation
    from tasks.resampling.selection.choose import Drawing, Tally
    from tasks.resampling.selection.tables import drawn_table

    stats = ScaleStats.of(scaled)
    law = Law.read(work.path(balanced, VECTORS), work.path(balanced, NUMBERS))
    together = config.method in ("systematic", "multinomial")
    drawing = Drawing(
        law,
        Expectation(stats.scale, stats.limit, stats.own_inclusion, stats.mean, stats.wanted),
        config.method,
        config.seed,
        read_table(work.path(scaled, "drawn.parquet")) if together else None,
    )
    tally = Tally(np.zeros(len(law.vector), np.int64), np.zeros(len(law.vector), np.int64))
    for path in work.paths(matches, "matches-*.parquet"):
        chosen = drawing.choose(read_table(path), tally)
        write_table(work.output / path.name.replace("matches", "selection"), chosen)
    write_table(work.output / "drawn.parquet", drawn_table(tally))
    return SelectStats(
        size=tally.size, distinct=tally.distinct, squares=tally.squares, largest_multiplicity=tally.largest
    )


@stage("realise", version=1, modules=())
def realise(
    balanced: Manifest, scaled: Manifest, selection: Sequence[Manifest], pairs: Sequence[Manifest], *, work: Workspace
) -> RealiseStats:
    """Add up the groups' counts: `entries.parquet` with `realised`, and what the selection costs.

    pairs: what was matched, for the size of a row in bytes.
    """
    from storage.tables.shards import read_table, write_table
    from tasks.balancing.stats import BalanceStats, finite
    from tasks.ingest.stats import IngestStats
    from tasks.resampling.selection.realised import realise as compare
    from tasks.resampling.selection.tables import add_groups, with_realised

    keywords = read_table(work.path(balanced, "entries.parquet"))
    unit, scaling = BalanceStats.of(balanced).unit, ScaleStats.of(scaled)
    groups = [(work.path(each, "drawn.parquet"), SelectStats.of(each)) for each in selection]
    tally = add_groups(keywords.num_rows, groups)
    found = compare(tally, keywords.column("target").to_numpy(), unit)
    write_table(work.output / "entries.parquet", with_realised(keywords, found))
    ingested = [IngestStats.of(each) for each in pairs]
    rows = sum(each.rows for each in ingested)
    return RealiseStats(
        method=scaling.method,
        unit=unit,
        size=found.size,
        expected_size=scaling.expected_size,
        scale=scaling.scale,
        own_inclusion=scaling.own_inclusion,
        distinct=found.distinct,
        duplicates=found.duplicates,
        largest_multiplicity=tally.largest,
        effective_sample_size=found.effective_sample_size,
        total_variation=found.total_variation,
        kl=finite(found.kl),
        lost_keywords=found.lost,
        mean_bytes=-(-sum(each.bytes for each in ingested) // max(1, rows)),
    )


@stage("scatter", version=2, modules=())
def scatter(
    config: CurateConfig,
    realised: Manifest,
    pairs: Manifest,
    matches: Manifest,
    selection: Manifest,
    *,
    work: Workspace,
) -> ScatterStats:
    """The selected rows of one group, sorted by the shard that they belong to: `scattered-*.parquet`."""
    from tasks.resampling.shards.layout import Layout, shards_for
    from tasks.resampling.shards.scatter import selected_rows, write_scattered

    whole = RealiseStats.of(realised)
    rows = whole.size if config.expand else whole.distinct
    shards = shards_for(
        rows,
        rows * whole.mean_bytes,
        rows_per_shard=config.rows_per_shard,
        bytes_per_shard=config.bytes_per_shard,
    )
    layout = Layout(config.seed, config.validation, config.expand, shards)
    files = zip(
        work.paths(pairs, "pairs-*.parquet"),
        work.paths(matches, "matches-*.parquet"),
        work.paths(selection, "selection-*.parquet"),
        strict=True,
    )
    found, held = write_scattered(
        (table for side_by_side in files for table in selected_rows(*side_by_side, layout)), work.output, shards
    )
    return ScatterStats(rows=found, held_out=held, shards=shards)


@stage("gather", version=1, modules=())
def gather(
    config: CurateConfig, scattered: Sequence[Manifest], part: int, parts: int, *, work: Workspace
) -> GatherStats:
    """Some of the curated shards, in hash order: `curated-*.parquet`, and `validation-*.parquet` if any is held out.

    part, parts: which stretch of the shards, of how many.
    """
    from concurrent.futures import ThreadPoolExecutor

    from tasks.resampling.shards.gather import Scattered, shards_of_part, write_shard

    source = Scattered(work.shards(scattered, "scattered-*.parquet"))
    numbers = shards_of_part(ScatterStats.of(scattered[0]).shards, part, parts)
    validation = config.validation > 0
    with ThreadPoolExecutor(work.runtime.workers) as pool:
        found = list(pool.map(lambda number: write_shard(source, number, work.output, validation=validation), numbers))
    return GatherStats(
        rows=sum(each.curated for each in found),
        validation_rows=sum(each.validation for each in found) if validation else None,
        shards=len(found),
        bytes=sum(path.stat().st_size for path in work.output.glob("*.parquet")),
        repeated_ids=None if config.expand else sum(each.repeated for each in found),
        split_ids=sum(each.split for each in found) if validation else None,
    )


@stage("subsample", version=2, modules=())
def subsample(
    config: SubsampleConfig, matches: Sequence[Manifest], realised: Manifest, *, work: Workspace
) -> SubsampleStats:
    """Where to cut for a uniform subset, without replacement, of the selection's effective sample size.

    Each row has a hash word; those up to the limit that is found here are the subset.
    """
    from tasks.matching.stats import MatchStats
    from tasks.resampling.sampling.alive import AliveIds
    from tasks.resampling.sampling.subset import largest_word

    groups = [(work.paths(each, "matches-*.parquet"), MatchStats.of(each).rows) for each in matches]
    among = sum(rows for _, rows in groups)
    size = max(1, min(among, round(RealiseStats.of(realised).effective_sample_size)))
    limit = largest_word(AliveIds(groups, work.runtime.workers), size, seed=config.seed)
    found = SubsampleStats(size=size, of=among, limit=limit)
    _write_figures(work, found)
    return found


@stage("thin", version=1, modules=())
def thin(config: SubsampleConfig, cut: Manifest, matches: Manifest, *, work: Workspace) -> ThinStats:
    """The uniform subset's rows in one group: `selection-*.parquet`, one for each file of matches."""
    from storage.tables.shards import count_rows, read_table, write_table
    from tasks.matching.stats import MatchStats
    from tasks.resampling.selection.choose import thin as thinned

    stats, size = SubsampleStats.of(cut), 0
    paths = work.paths(matches, "matches-*.parquet")
    whole = MatchStats.of(matches).rows == sum(map(count_rows, paths))
    for path in paths:
        table = read_table(path, ["id"] if whole else ["id", "entries"])
        rows = thinned(table, seed=config.seed, limit=stats.limit, share=stats.size / stats.among)
        write_table(work.output / path.name.replace("matches", "selection"), rows)
        size += rows.num_rows
    return ThinStats(size=size)


def _write_figures(work: Workspace, stats: ScaleStats | SubsampleStats) -> None:
    """The figures as a file too: later stages compute with them, and only files are in the digest by which they ask."""
    (work.output / "figures.json").write_text(stats.model_dump_json(by_alias=True), encoding="utf-8")
