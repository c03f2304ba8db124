"""Sorting in place, for every size that is treated in its own way."""

import numpy as np
import pytest

from tasks.matching.machine.sorting import LANES, sort_unique


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 191, 192, 193, 5_000])
@pytest.mark.parametrize("distinct", [1, 7, 40, 2**32 - 1])
def test_equals_numpy(size: int, distinct: int) -> None:
    values = np.random.default_rng(size).integers(0, distinct, size + LANES + 9).astype(np.uint32)
    before = values.copy()
    kept = sort_unique(values, 4, 4 + size)
    assert values[4 : 4 + kept].tolist() == np.unique(before[4 : 4 + size]).tolist()
    assert values[:4].tolist() == before[:4].tolist()
    assert values[4 + size + LANES :].tolist() == before[4 + size + LANES :].tolist()


@pytest.mark.parametrize("size", range(LANES + 2))
def test_every_small_size_with_room_behind_and_without(size: int) -> None:
    generator = np.random.default_rng(size)
    for room in (0, LANES - 1, LANES, LANES + 1):
        for highest in (2, 2**32 - 1):
            values = generator.integers(0, highest, 3 + size + room).astype(np.uint32)
            values[3 : 3 + size : 3] = highest - 1
            expected = np.unique(values[3 : 3 + size]).tolist()
            before = values[:3].tolist()
            kept = sort_unique(values, 3, 3 + size)
            assert values[3 : 3 + kept].tolist() == expected
            assert values[:3].tolist() == before
