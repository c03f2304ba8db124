"""The stages `select`, `subsample` and `curate`: weights to a selection, and the selection to shards."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.schemas import CURATED, SELECTION
from storage.tables.shards import ShardWriter, read_table, write_table
from tasks.balancing.matrix.incidence import read_incidence
from tasks.balancing.result import Unit
from tasks.balancing.tables import finite
from tasks.resampling.config import CurateConfig, ResamplingConfig, SubsampleConfig
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.keyword_order import keyword_order
from tasks.resampling.sampling.subset import subset
from tasks.resampling.selection.realised import realise
from tasks.resampling.selection.tables import read_weights, selection_table, with_realised
from tasks.resampling.shards.curated import BUCKET_BYTES, Layout, curated_batches
from tasks.resampling.shards.shuffle import Shuffle


@stage("select", version=1, modules=("tasks.resampling.selection", "tasks.resampling.sampling"))
def select(
    config: ResamplingConfig, balanced: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> Mapping[str, JsonValue]:
    """Draw the selection and count what it holds.

    Writes `selection.parquet` (captions with multiplicity > 0, by id) and `entries.parquet` with `realised`.
    """
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
    unit: Unit = "rows" if balanced.stats.get("unit") == "rows" else "pairs"
    found = realise(matrix, chosen.multiplicity, keywords.column("target").to_numpy(), unit)
    write_table(work.output / "selection.parquet", selection_table(weights, chosen))
    write_table(work.output / "entries.parquet", with_realised(keywords, found))
    return {
        "method": config.method,
        "unit": unit,
        "size": found.size,
        "expected_size": float(chosen.expected.sum()),
        "scale": chosen.scale,
        "own_inclusion": chosen.own_inclusion,
        "distinct": found.distinct,
        "duplicates": found.duplicates,
        "largest_multiplicity": int(chosen.multiplicity.max(initial=0)),
        "effective_sample_size": found.effective_sample_size,
        "total_variation": found.total_variation,
        "kl": finite(found.kl),
        "lost_keywords": found.lost,
    }


@stage("subsample", version=1, modules=("tasks.resampling.sampling.subset",))
def subsample(
    config: SubsampleConfig, pairs: Sequence[Manifest], size_of: Manifest, *, work: Workspace
) -> Mapping[str, JsonValue]:
    """A uniform subset, without replacement, of all pairs, as large as the effective sample size of `size_of`."""
    shards = [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")]
    ids = np.sort(read_table(shards, columns=["id"]).column("id").to_numpy())
    effective = size_of.stats.get("effective_sample_size")
    if not isinstance(effective, int | float):
        raise InputError(f"the {size_of.stage} manifest says no effective_sample_size; pass the manifest of select")
    size = max(1, min(len(ids), round(effective)))
    chosen = ids[subset(ids, size, seed=config.seed)]
    share = pa.array(np.full(size, size / len(ids)))
    table = pa.table(
        {
            "id": pa.array(chosen),
            "weight": pa.array(np.ones(size)),
            "inclusion": share,
            "multiplicity": pa.array(np.ones(size, dtype=np.uint16)),
        }
    )
    write_table(work.output / "selection.parquet", table.cast(SELECTION))
    return {"size": size, "of": len(ids)}


@stage("curate", version=1, modules=("tasks.resampling.shards",))
def curate(
    config: CurateConfig,
    selection: Manifest,
    pairs: Sequence[Manifest],
    matches: Sequence[Manifest],
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """The selected pairs as shards in hash order.

    Writes `curated-*.parquet`, and `validation-*.parquet` if a share is held out.
    """
    chosen = read_table([work.path(selection, "selection.parquet")])
    pair_shards = [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")]
    match_shards = [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")]
    layout = Layout(config.seed, config.validation, config.expand)
    size = int(np.sum(chosen.column("multiplicity").to_numpy(), dtype=np.int64))
    copies = max(1.0, size / max(1, chosen.num_rows)) if config.expand else 1.0
    total = sum(path.stat().st_size for path in pair_shards) * copies
    buckets = 1 << max(0, int(np.ceil(np.log2(max(1.0, total / BUCKET_BYTES)))))
    scratch = work.scratch / "buckets"
    shutil.rmtree(scratch, ignore_errors=True)
    sides = {"curated": Shuffle(scratch / "curated", CURATED, buckets)}
    if config.validation > 0:
        sides["validation"] = Shuffle(scratch / "validation", CURATED, buckets)
    found = 0
    for rows, held, order in curated_batches(chosen, pair_shards, match_shards, layout):
        found += rows.num_rows
        sides["curated"].add(rows.filter(pa.array(~held)), order[~held])
        if held.any():
            sides["validation"].add(rows.filter(pa.array(held)), order[held])
    if found != (size if config.expand else chosen.num_rows):
        raise InputError(
            f"the selection names {chosen.num_rows} captions, but {found} rows were found in the pairs; "
            "pass the pairs that the matches were made from"
        )
    stats: dict[str, JsonValue] = {"distinct": chosen.num_rows, "copies": size}
    for name, side in sides.items():
        with ShardWriter(work.output, name, CURATED, rows_per_shard=config.rows_per_shard) as writer:
            side.write(writer)
        stats["rows" if name == "curated" else "validation_rows"] = writer.rows
    stats["bytes"] = sum(path.stat().st_size for path in work.output.glob("*.parquet"))
    return stats
