"""The stage `balance`: matches to weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.balancing.config import BalancingConfig, RakeConfig
from tasks.balancing.stats import BalanceStats, MatrixFacts

if TYPE_CHECKING:
    from tasks.arrays import Floats, Ids

ROWS_PER_SHARD = 1_000_000


@stage("balance", version=1, modules=())
def balance(
    config: BalancingConfig, entries: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> BalanceStats:
    """Weights for all captions that match a keyword; the others are counted as `unmatched` and left out.

    Writes `weights-*.parquet` (by id; out of core: in the order of the shards), `entries.parquet` with observed, target
    and balanced marginals, `history.parquet`, and `potentials.parquet` for explaining single captions.

    Args:
        config: the method and its target.
        entries: the keywords, of the stage `metadata`.
        matches: the captions' keywords, of the stage `match`.
        work: where files come from and go to.
    """
    import pyarrow as pa

    from storage.errors import InputError
    from storage.tables.ids import as_ids
    from storage.tables.schemas import WEIGHTS
    from storage.tables.shards import ShardWriter, read_table, write_table
    from tasks.balancing.matrix.read_matches import read_incidence
    from tasks.balancing.solve import solve
    from tasks.balancing.solve_shards import solve_shards
    from tasks.balancing.tables import entries_table, figures_of, history_table, marginals, potentials_table
    from tasks.balancing.theory.convergence_facts import survey

    keywords = read_table([work.path(entries, "entries.parquet")])
    texts = keywords.column("text").to_pylist()
    shards = [path for manifest in matches for path in work.paths(manifest, "matches-*.parquet")]
    taken_down = as_ids(config.takedown)
    facts = MatrixFacts()
    with ShardWriter(work.output, "weights", WEIGHTS, rows_per_shard=ROWS_PER_SHARD) as writer:

        def write(ids: Ids, weight: Floats, inclusion: Floats | None = None) -> None:
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
                facts = survey(matrix, found, target, texts)
    write_table(work.output / "entries.parquet", entries_table(keywords, margins, found))
    write_table(work.output / "history.parquet", history_table(found))
    write_table(work.output / "potentials.parquet", potentials_table(found))
    return figures_of(config, found, margins, texts, unmatched=unmatched, facts=facts)
