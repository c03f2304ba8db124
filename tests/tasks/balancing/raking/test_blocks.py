"""A matrix in memory, cut into blocks."""

import numpy as np
import pytest

from tasks.balancing.raking import blocks as module
from tasks.balancing.raking.blocks import blocks_of
from tests.tasks.balancing.examples import random_matrix


def test_blocks_cover_the_rows_once(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = random_matrix(200, 9, 1, empty=True)
    target = np.random.default_rng(0).uniform(size=200)
    assert len(blocks_of(matrix.indptr, matrix.indices, target)) == 1
    monkeypatch.setattr(module, "MATCHES_PER_BLOCK", len(matrix.indices) // 5)
    blocks = blocks_of(matrix.indptr, matrix.indices, target)
    assert len(blocks) == 5 and sum(len(block.indptr) - 1 for block in blocks) == 200
    np.testing.assert_array_equal(np.concatenate([block.row_target for block in blocks]), target)
    assert [block.indptr[0] for block in blocks[1:]] == [block.indptr[-1] for block in blocks[:-1]]
    same = blocks_of(matrix.indptr, matrix.indices, np.array([0.1]))
    assert all(block.row_target.tolist() == [0.1] for block in same)
