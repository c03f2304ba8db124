"""Sums over captions, and that both forms of them answer the solver alike."""

from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.calibration.calibrate_stream import StreamedProblem
from tasks.balancing.calibration.captions import Captions, Totals
from tasks.balancing.calibration.problem import make_problem
from tasks.balancing.diagnostics import effective_sample_size
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tests.tasks.balancing.examples import random_matrix, write_shards


def test_the_effective_size_is_kishs() -> None:
    weight = np.array([0.5, 2.0, 1.0])
    totals = Totals(float(weight.sum()), float(weight @ weight), 2.0)
    assert totals.effective_sample_size == pytest.approx(effective_sample_size(weight))
    assert Totals(0.0, 0.0, 0.0).effective_sample_size == 0.0


def test_in_memory_and_streamed_captions_send_the_same_messages(tmp_path: Path) -> None:
    matrix = random_matrix(900, 40, 3, empty=True)
    memory = make_problem(matrix.indptr, matrix.indices, columns=40, initial=None, bounds=(0.0, 1.0))
    stream = MatchStream(write_shards(matrix, tmp_path, 4), 40)
    streamed = StreamedProblem(stream, census(stream), (0.0, 1.0), 40, np.zeros(40))
    generator = np.random.default_rng(0)
    reference, change = generator.normal(0, 0.5, 40), generator.normal(0, 0.1, 40)
    answers = []
    for captions in (memory, streamed):
        problem: Captions = captions
        problem.start(-1.0)
        assert (problem.matched, problem.matches) == (memory.matched, len(matrix.indices))
        answers.append((problem.message(reference, change, 1.0), problem.totals(reference, 1.0)))
    (one, sums), (other, added) = answers
    np.testing.assert_allclose(other.counts, one.counts, rtol=1e-12)
    assert other.value == pytest.approx(one.value, rel=1e-12) and other.expected == pytest.approx(one.expected)
    assert added.expected == pytest.approx(sums.expected) and added.largest == pytest.approx(sums.largest)
    assert added.squares == pytest.approx(sums.squares, rel=1e-12)
