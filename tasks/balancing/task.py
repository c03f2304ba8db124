"""The stage `balance`: matches to weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.caching import stage
from storage.errors import InputError
from storage.manifest import Manifest
from storage.schemas import WEIGHTS
from storage.shards import ShardWriter, read_table, write_table
from storage.workspace import Workspace
from tasks.balancing.config import BalancingConfig
from tasks.balancing.incidence import read_incidence
from tasks.balancing.solve import solve, unit_of
from tasks.balancing.tables import entries_table, history_table, statistics

ROWS_PER_SHARD = 1_000_000


@stage("balance", version=1, modules=("tasks.balancing.solve", "tasks.balancing.tables"))
def balance(
    config: BalancingConfig, entries: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> Mapping[str, JsonValue]:
    """Weights for all captions that match a keyword; the others are counted as `unmatched` and left out.

    Writes `weights-*.parquet` (by id), `entries.parquet` with observed, target and balanced marginals, and
    `history.parquet`.
    """
    keywords = read_table([work.path(entries, "entries.parquet")])
    texts = keywords.column("text").to_pylist()
    shards = [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")]
    taken_down = np.array(config.takedown, dtype=np.uint64)
    matrix, unmatched = read_incidence(shards, len(texts), without=taken_down)
    if matrix.rows == 0:
        raise InputError(
            f"none of the {unmatched} captions matches any of the {len(texts)} keywords; "
            "check the metadata list against the captions"
        )
    found, target = solve(config, matrix, texts, workers=work.runtime.workers)
    with ShardWriter(work.output, "weights", WEIGHTS, rows_per_shard=ROWS_PER_SHARD) as writer:
        inclusion = pa.nulls(matrix.rows, pa.float64()) if found.inclusion is None else pa.array(found.inclusion)
        writer.write(pa.table({"id": pa.array(matrix.ids), "weight": pa.array(found.weight), "inclusion": inclusion}))
    write_table(work.output / "entries.parquet", entries_table(keywords, matrix, found, target))
    write_table(work.output / "history.parquet", history_table(found))
    return {
        "method": config.method,
        "rows": matrix.rows + unmatched,
        "unmatched": unmatched,
        "taken_down": len(config.takedown),
        "unit": unit_of(config),
        **statistics(found, matrix, target, texts),
    }
