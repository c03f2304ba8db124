"""Raking on a stream: the same result as in memory, for any blocks and workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.law.rake_stream import rake_stream
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tasks.balancing.raking.rake import rake
from tests.tasks.balancing.examples import random_matrix, write_shards


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("order", [("y",), ("x", "y", "x"), 60])
def test_equals_memory_to_1e12(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, initial: str, order: object) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 700)
    matrix = random_matrix(3000, 50, 2, empty=True)
    target = np.minimum(matrix.counts, 150).astype(float)
    whole = rake(matrix.indptr, matrix.indices, columns=50, column_target=target, steps=order, initial=initial)
    paths = write_shards(matrix, tmp_path, 7)
    found = {}
    for workers in (1, 3):
        stream = MatchStream(paths, 50, mapper=mapped(workers), held=0)
        law, parts = rake_stream(
            stream, census(stream), column_target=target, steps=order, initial=initial, whole=stream.whole()
        )
        weight = law.weights(matrix.indptr, matrix.indices)
        np.testing.assert_allclose(weight, whole.weight, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(parts.column_marginal, whole.column_marginal, rtol=1e-12)
        assert parts.residual == pytest.approx(whole.residual, rel=1e-9)
        assert parts.effective_sample_size == pytest.approx(whole.effective_sample_size, rel=1e-12)
        assert len(parts.history) == len(whole.history)
        for one, other in zip(parts.history, whole.history):  # the start's is counted by the census, not by a pass
            assert (one.step, one.side) == (other.step, other.side)
            for name in ("row_l1", "row_kl", "column_l1", "column_kl"):
                expected = getattr(other, name)
                told = expected if expected is None else pytest.approx(expected, rel=1e-9, abs=1e-13)
                assert getattr(one, name) == told
        assert (parts.converged, parts.iterations) == (whole.converged, whole.iterations)
        assert parts.infeasible == whole.infeasible and len(parts.weight) == 0
        assert law.total == pytest.approx(law.mass(matrix.indptr, matrix.indices).sum(), rel=1e-12)
        found[workers] = law
    np.testing.assert_array_equal(found[1].vector, found[3].vector)
    assert found[1].total == found[3].total


def test_without_the_whole_matrix_keywords_are_still_looked_at_one_by_one(tmp_path: Path) -> None:
    """Keyword 4 is held by nobody, and keyword 3 forced: captions of it alone weigh more than its target."""
    matrix = random_matrix(300, 4, 2)
    target = np.array([0.5, 0.3, 0.1, 1e-4, 0.1])
    stream = MatchStream(write_shards(matrix, tmp_path, 2), 5)
    _, blind = rake_stream(stream, census(stream), column_target=target, steps=4)
    _, seeing = rake_stream(stream, census(stream), column_target=target, steps=4, whole=stream.whole())
    assert {(each.kind, each.columns) for each in blind.infeasible} <= {
        (each.kind, each.columns) for each in seeing.infeasible
    }
    assert {each.columns for each in blind.infeasible} >= {(4,)} and not blind.converged
