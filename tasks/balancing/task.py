"""The stage `balance`: matches to weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.schemas import WEIGHTS
from storage.tables.shards import ShardWriter, read_table, write_table
from tasks.balancing.config import BalancingConfig, RakeConfig
from tasks.balancing.matrix.incidence import Floats, read_incidence
from tasks.balancing.solve import solve
from tasks.balancing.solve_shards import solve_shards
from tasks.balancing.tables import entries_table, history_table, marginals, potentials_table, statistics
from tasks.balancing.theory.convergence_facts import survey

ROWS_PER_SHARD = 1_000_000


@stage("balance", version=1, modules=("tasks.balancing.solve", "tasks.balancing.tables"))
def balance(
    config: BalancingConfig, entries: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> Mapping[str, JsonValue]:
    """Weights for all captions that match a keyword; the others are counted as `unmatched` and left out.

    Writes `weights-*.parquet` (by id; out of core: in the order of the shards), `entries.parquet` with observed, target
    and balanced marginals, `history.parquet`, and `potentials.parquet` for explaining single captions.
    """
    keywords = read_table([work.path(entries, "entries.parquet")])
    texts = keywords.column("text").to_pylist()
    shards = [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")]
    taken_down = np.array(config.takedown, dtype=np.uint64)
    surveyed: Mapping[str, JsonValue] = {}
    with ShardWriter(work.output, "weights", WEIGHTS, rows_per_shard=ROWS_PER_SHARD) as writer:

        def write(ids: np.ndarray, weight: Floats, inclusion: Floats | None = None) -> None:
            known = pa.nulls(len(ids), pa.float64()) if inclusion is None else pa.array(inclusion)
            writer.write(pa.table({"id": pa.array(ids), "weight": pa.array(weight), "inclusion": known}))

        if isinstance(config, RakeConfig) and config.out_of_core:
            found, margins, unmatched = solve_shards(
                config, shards, texts, without=taken_down, write=write, workers=work.runtime.workers
            )
        else:
            matrix, unmatched = read_incidence(shards, len(texts), without=taken_down)
            if matrix.rows == 0:
                raise InputError(
                    f"none of the {unmatched} captions matches any of the {len(texts)} keywords; "
                    "check the metadata list against the captions"
                )
            found, target = solve(config, matrix, texts, workers=work.runtime.workers)
            margins = marginals(matrix, found, target)
            write(matrix.ids, found.weight, found.inclusion)
            if isinstance(config, RakeConfig):
                surveyed = survey(matrix, found, target, texts)
    write_table(work.output / "entries.parquet", entries_table(keywords, margins, found))
    write_table(work.output / "history.parquet", history_table(found))
    write_table(work.output / "potentials.parquet", potentials_table(found))
    return {
        "method": config.method,
        "rows": margins.matched + unmatched,
        "unmatched": unmatched,
        "taken_down": len(config.takedown),
        **statistics(found, margins, texts),
        **surveyed,
    }
