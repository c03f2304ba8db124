"""A uniform subset of exact size."""

from __future__ import annotations

import numpy as np
import pytest

from storage.errors import InputError
from tasks.resampling.sampling.subset import subset
from tests.tasks.resampling.sampling.examples import some_ids


def test_subset_is_exact_and_free_of_order() -> None:
    ids = some_ids(1000)
    order = np.random.default_rng(1).permutation(1000)
    first, second = subset(ids, 137, seed=2), subset(ids[order], 137, seed=2)
    assert len(first) == 137
    assert set(ids[first].tolist()) == set(ids[order][second].tolist())


def test_subsets_are_nested_and_bounded() -> None:
    ids = some_ids(50)
    small, large = (set(subset(ids.tolist(), size, seed=1).tolist()) for size in (np.int64(10), 20))
    assert small < large and len(subset(ids, 0, seed=1)) == 0
    with pytest.raises(InputError, match="cannot be drawn"):
        subset(ids, 51, seed=0)


def test_every_row_is_as_likely() -> None:
    held = np.zeros(40)
    for seed in range(1000):
        held[subset(some_ids(40), 10, seed=seed)] += 1
    assert (np.abs(held / 1000 - 0.25) < 4.5 * np.sqrt(0.25 * 0.75 / 1000)).all()
