"""The stages `select`, `subsample` and `curate`: weights to a selection, and the selection to shards."""

from __future__ import annotations

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.resampling.config import CurateConfig, ResamplingConfig, SubsampleConfig
from tasks.resampling.stats import CurateStats, SelectStats, SubsampleStats


@stage("select", version=1, modules=())
def select(
    config: ResamplingConfig, balanced: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> SelectStats:
    """Draw the selection and count what it holds.

    Writes `selection.parquet` (captions with multiplicity > 0, by id) and `entries.parquet` with `realised`.

    Args:
        config: how copies are drawn, and how many.
        balanced: the weights, of the stage `balance`.
        matches: the captions' keywords, of the stage `match`.
        work: where files come from and go to.
    """
    from storage.tables.shards import read_table, write_table
    from tasks.balancing.matrix.read_matches import read_incidence
    from tasks.balancing.stats import BalanceStats, finite
    from tasks.resampling.sampling.draw import draw
    from tasks.resampling.sampling.keyword_order import keyword_order
    from tasks.resampling.selection.realised import realise
    from tasks.resampling.selection.tables import read_weights, selection_table, with_realised

    unit = BalanceStats.of(balanced).unit
    keywords = read_table([work.path(balanced, "entries.parquet")])
    shards = [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")]
    weights = read_weights(work.paths(balanced, "weights-*.parquet"))
    matrix, _ = read_incidence(shards, keywords.num_rows)
    matrix = matrix.take(weights.rows_in(matrix.ids))
    chosen = draw(
        weights.ids,
        weights.weight,
        method=config.method,
        size=config.size,
        seed=config.seed,
        inclusion=weights.inclusion,
        most=config.most_copies,
        order=keyword_order(matrix, seed=config.seed) if config.method == "systematic" else None,
    )
    found = realise(matrix, chosen.multiplicity, keywords.column("target").to_numpy(), unit)
    write_table(work.output / "selection.parquet", selection_table(weights, chosen))
    write_table(work.output / "entries.parquet", with_realised(keywords, found))
    return SelectStats(
        method=config.method,
        unit=unit,
        size=found.size,
        expected_size=float(chosen.expected.sum()),
        scale=chosen.scale,
        own_inclusion=chosen.own_inclusion,
        distinct=found.distinct,
        duplicates=found.duplicates,
        largest_multiplicity=int(chosen.multiplicity.max(initial=0)),
        effective_sample_size=found.effective_sample_size,
        total_variation=found.total_variation,
        kl=finite(found.kl),
        lost_keywords=found.lost,
    )


@stage("subsample", version=1, modules=())
def subsample(
    config: SubsampleConfig, pairs: Sequence[Manifest], size_of: Manifest, *, work: Workspace
) -> SubsampleStats:
    """A uniform subset, without replacement, of all pairs: the control for size.

    Args:
        config: the seed.
        pairs: the captions to draw from.
        size_of: the selection, of the stage `select`, whose effective sample size is the subset's.
        work: where files come from and go to.
    """
    import numpy as np

    from storage.tables.shards import read_table, write_table
    from tasks.resampling.sampling.subset import subset
    from tasks.resampling.selection.tables import subset_table

    effective = SelectStats.of(size_of).effective_sample_size
    shards = [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")]
    ids = np.sort(read_table(shards, columns=["id"]).column("id").to_numpy())
    size = max(1, min(len(ids), round(effective)))
    chosen = ids[subset(ids, size, seed=config.seed)]
    write_table(work.output / "selection.parquet", subset_table(chosen, share=size / len(ids)))
    return SubsampleStats(size=size, of=len(ids))


@stage("curate", version=1, modules=())
def curate(
    config: CurateConfig,
    selection: Manifest,
    pairs: Sequence[Manifest],
    matches: Sequence[Manifest],
    *,
    work: Workspace,
) -> CurateStats:
    """The selected pairs as shards in hash order.

    Writes `curated-*.parquet`, and `validation-*.parquet` if a share is held out.

    Args:
        config: the order, the share held out, and the size of shards.
        selection: of the stage `select` or `subsample`.
        pairs: the pairs that the matches were made from.
        matches: the captions' keywords.
        work: where files come from and go to.
    """
    from storage.tables.shards import read_table
    from tasks.resampling.shards.curated import Layout
    from tasks.resampling.shards.write import Folders, write_curated

    chosen = read_table([work.path(selection, "selection.parquet")])
    rows = write_curated(
        chosen,
        [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")],
        [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")],
        Layout(config.seed, config.validation, config.expand),
        Folders(work.output, work.scratch / "buckets"),
        rows_per_shard=config.rows_per_shard,
    )
    return CurateStats(
        distinct=chosen.num_rows,
        copies=sum(chosen.column("multiplicity").to_pylist()),
        rows=rows["curated"],
        validation_rows=rows.get("validation"),
        bytes=sum(path.stat().st_size for path in work.output.glob("*.parquet")),
    )
