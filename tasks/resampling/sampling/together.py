"""Selections whose draws depend on each other, systematic and multinomial: all captions in memory at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.tables.shards import count_rows
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.read_matches import read_incidence
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.expectation import Expectation
from tasks.resampling.sampling.keyword_order import keyword_order

MOST_ROWS = 50_000_000


def draw_together(
    config: ResamplingConfig, law: Law, expectation: Expectation, shards: Sequence[Path], columns: int
) -> pa.Table:
    """Drawn captions by ascending id: `id`, `multiplicity`, `inclusion`.

    About 100 bytes of memory a caption. Poisson and residual selections need none and have no limit.

    Raises:
        InputError: more than 50 million captions.
    """
    rows = sum(map(count_rows, shards))
    if rows > MOST_ROWS:
        raise InputError(
            f"a {config.method} selection draws all captions together in memory, at most {MOST_ROWS:,} of them, and "
            f"these are {rows:,}; use residual, which draws each by itself"
        )
    matrix, _ = read_incidence(shards, columns)
    mass = law.mass(matrix.indptr, matrix.indices)
    chosen = draw(
        matrix.ids,
        mass / law.mean,
        method=config.method,
        size=config.size,
        seed=config.seed,
        inclusion=expectation.copies(mass) if law.gives_copies else None,
        most=config.most_copies,
        order=keyword_order(matrix, seed=config.seed) if config.method == "systematic" else None,
    )
    held = np.flatnonzero(chosen.multiplicity)
    return pa.table(
        {
            "id": pa.array(matrix.ids[held], pa.uint64()),
            "multiplicity": pa.array(chosen.multiplicity[held], pa.uint16()),
            "inclusion": pa.array(chosen.inclusion[held]),
        }
    )
