"""The stage `balance`: matches to a law on keywords."""

from __future__ import annotations

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.balancing.config import BalancingConfig
from tasks.balancing.stats import BalanceStats


@stage("balance", version=3, modules=())
def balance(
    config: BalancingConfig, entries: Manifest, matches: Sequence[Manifest], *, work: Workspace
) -> BalanceStats:
    """The law by which captions are weighted: vectors on keywords, and no table on captions.

    Writes `law.parquet` and `law.json` (see `tasks.balancing.law.law`), `entries.parquet` with observed, target and
    expected marginals, `history.parquet`, and `potentials.parquet` for explaining single captions.
    """
    from storage.tables.shards import read_table, write_table
    from tasks.balancing.matrix.mappers import mapped
    from tasks.balancing.matrix.match_stream import MatchStream
    from tasks.balancing.solve import solve
    from tasks.balancing.tables import entries_table, figures_of, history_table, potentials_table

    keywords = read_table([work.path(entries, "entries.parquet")])
    texts = keywords.column("text").to_pylist()
    shards = work.shards(matches, "matches-*.parquet")
    found = solve(config, MatchStream(shards, len(texts), mapper=mapped(work.runtime.workers)), texts)
    found.law.write(work.output)
    write_table(work.output / "entries.parquet", entries_table(keywords, found.marginals, found.balance))
    write_table(work.output / "history.parquet", history_table(found.balance))
    write_table(work.output / "potentials.parquet", potentials_table(found.balance))
    return figures_of(
        config.method,
        found.balance,
        found.marginals,
        texts,
        unmatched=found.seen.rows - found.seen.matched,
        gone=found.seen.gone,
        expected_size=found.expected_size,
        facts=found.facts,
    )
