"""Passes over blocks: any cut of the rows gives the sums of the whole, in memory or from disk."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.blocks import Block, StreamedBlock
from tasks.balancing.raking.row_passes import Rows, _scale, exponentials
from tests.tasks.balancing.examples import dense, dense_rake, random_matrix, write_shards


def test_the_mapped_function_is_plain_and_picklable(tmp_path: Path) -> None:
    matrix = random_matrix(50, 8, 1)
    stream = MatchStream(write_shards(matrix, tmp_path, 1), 8, mapper=mapped(2))
    work = partial(_scale, potential=np.zeros(8), values=np.ones(8))
    here = work(StreamedBlock(stream, 0, 1 / 50))
    there = pickle.loads(pickle.dumps(work))(pickle.loads(pickle.dumps(StreamedBlock(stream, 0, 1 / 50))))
    np.testing.assert_array_equal(there.scales, here.scales)


@pytest.mark.parametrize("unit", ["rows", "pairs"])
@pytest.mark.parametrize("parts", [1, 4])
def test_one_pass_is_one_half_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, parts: int) -> None:
    """From the start by "y" and "x" with the driver's own arithmetic, beside the dense loop."""
    matrix = random_matrix(60, 8, 2)
    mass = 1 / 60 if unit == "rows" else 1 / len(matrix.indices)
    goal = np.full(8, 1 / 8)
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 60 // parts)
    stream = MatchStream(write_shards(matrix, tmp_path, 3), 8)
    assert len(stream) == parts
    rows = Rows([StreamedBlock(stream, number, 1 / 60) for number in range(parts)], 8, unit, mass, mapped(2))
    start, stranded = rows.log_scale_sums(None)
    expected = dense_rake(dense(matrix), np.full(60, 1 / 60), goal, (), unit)
    np.testing.assert_allclose(np.exp(start), expected.sum(axis=0), rtol=1e-12)
    fitted = np.log(goal) - start
    after, _ = rows.log_scale_sums(fitted)
    expected = dense_rake(dense(matrix), np.full(60, 1 / 60), goal, ("y", "x"), unit)
    np.testing.assert_allclose(np.exp(after + fitted), expected.sum(axis=0), rtol=1e-12)
    masses = np.concatenate([mass for mass, _ in rows.row_masses(None, fitted)])
    expected = dense_rake(dense(matrix), np.full(60, 1 / 60), goal, ("y",), unit)
    np.testing.assert_allclose(masses, expected.sum(axis=1), rtol=1e-12)
    l1, kl = rows.row_distance(None, fitted)
    assert l1 == pytest.approx(np.abs(masses - 1 / 60).sum()) and stranded == 0.0
    assert kl == pytest.approx((np.log(1 / 60 / masses) / 60).sum() - 1 + masses.sum())


def test_a_shifted_exponential_never_overflows() -> None:
    values, shift = exponentials(np.array([900.0, -900.0, -np.inf]))
    assert shift == 900.0 and values.tolist() == [1.0, 0.0, 0.0]
    values, shift = exponentials(np.full(2, -np.inf))
    assert shift == 0.0 and values.tolist() == [0.0, 0.0]
    assert exponentials(np.zeros(0))[1] == 0.0


def test_a_block_is_its_own_source() -> None:
    block = Block(np.array([0, 1]), np.array([0], dtype=np.uint32), np.ones(1))
    assert block.load() is block
