"""From a configuration to weights without holding the matches: raking out of core, shard by shard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats, Ids
from tasks.balancing.config import RakeConfig
from tasks.balancing.diagnostics import keyword_sums, normalised
from tasks.balancing.raking.census import MatchShards, census
from tasks.balancing.raking.mappers import mapped
from tasks.balancing.raking.rake_shards import rake_shards, shard_weights
from tasks.balancing.result import Balance
from tasks.balancing.solve import target_masses
from tasks.balancing.tables import Marginals


def solve_shards(
    config: RakeConfig,
    paths: Sequence[Path],
    texts: Sequence[str],
    *,
    without: Ids,
    write: Callable[[Ids, Floats], object],
    workers: int = 1,
) -> tuple[Balance, Marginals, int]:
    """Rake the shards.

    Args:
        config: the target and the half steps.
        paths: shards of the `matches` table.
        texts: `[m]` keywords.
        without: ids that were taken down.
        write: called with the ids and weights of each shard in turn.
        workers: threads; the result does not depend on them.

    Returns:
        `(balance, marginals, unmatched captions)`.

    Raises:
        InputError: no caption matches any keyword.
    """
    columns = len(texts)
    shards = MatchShards(paths, columns, without, mapped(workers))
    seen = census(shards)
    if seen.matched == 0:
        raise InputError("no caption matches any keyword; check the metadata list against the captions")
    base = seen.counts.astype(np.float64) if config.initial == "pairs" else seen.base
    goal = normalised(target_masses(config.target, base, texts))
    balance = rake_shards(
        shards,
        column_target=goal,
        steps=config.steps,
        initial=config.initial,
        tolerance=config.tolerance,
        counted=seen,
        keep_weights=False,
    )
    expected, largest = np.zeros(columns), 0.0
    for shard in shard_weights(shards, balance, seen):
        degrees = shard.matrix.degrees
        share = shard.weight / degrees if config.initial == "rows" else shard.weight
        expected += keyword_sums(shard.matrix.indices, np.repeat(share, degrees), columns)
        largest = max(largest, float(shard.weight.max(initial=0.0)))
        write(shard.matrix.ids, shard.weight)
    found = Marginals(seen.counts, normalised(base), goal, normalised(expected), seen.matched, largest)
    return balance, found, seen.rows - seen.matched
