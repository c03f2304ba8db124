"""Which blocks pass: by numpy, one comparison a pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.geometry.neighbours.block_filter import BLOCK, passing_blocks


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 5 * BLOCK), st.integers(0, 2**31), st.floats(-3, 3, width=32))
def test_blocks_with_a_pair_under_the_bar(width: int, seed: int, bar: float) -> None:
    rng = np.random.default_rng(seed)
    share, dots = rng.standard_normal((2, width)).astype(np.float32)
    blocks = np.full(width // BLOCK + 1, -1, np.int64)
    count = passing_blocks(share, dots, np.float32(bar), blocks)
    passes = share - 2 * dots <= np.float32(bar)
    expected = [first for first in range(0, width, BLOCK) if passes[first : first + BLOCK].any()]
    if width % BLOCK:  # what is left over at the end is always looked at
        expected = sorted({*expected, width // BLOCK * BLOCK})
    assert blocks[:count].tolist() == expected


@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 3 * BLOCK - 1])
def test_a_pair_exactly_at_the_bar_passes(place: int) -> None:
    share, dots = np.full(3 * BLOCK, 2, np.float32), np.zeros(3 * BLOCK, np.float32)
    dots[place] = 0.5
    blocks = np.empty(4, np.int64)
    assert passing_blocks(share, dots, np.float32(1), blocks) == 1 and blocks[0] == place // BLOCK * BLOCK
