"""Calibration on a stream: each pass brings back the sums of the whole, and every size and cap is certified."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.calibration.calibrate_stream import StreamedProblem, calibrate_stream
from tasks.balancing.calibration.captions import Totals
from tasks.balancing.calibration.problem import Options, make_problem
from tasks.balancing.config import CalibrateConfig, UniformTarget
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tests.tasks.balancing.examples import random_matrix, write_shards

MATRIX = random_matrix(700, 12, 3, empty=True)
GONE = (5, 6, 400)
LEFT = MATRIX.take(np.setdiff1d(np.arange(700), GONE))


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatchStream:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 150)
    return MatchStream(write_shards(MATRIX, tmp_path, 4, GONE), 12, mapper=mapped(3), held=0)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.0, 3.0), (0.2, math.inf)])
def test_passes_are_those_of_the_whole_matrix(stream: MatchStream, bounds: tuple[float, float]) -> None:
    far = StreamedProblem(stream, census(stream), bounds, 12, np.zeros(12))
    near = make_problem(LEFT.indptr, LEFT.indices, columns=12, initial=None, bounds=bounds)
    generator = np.random.default_rng(0)
    assert (far.matched, far.matches) == (near.matched, near.matches)
    for start in (-2.0, 0.1):
        far.start(start)
        near.start(start)
        goal = generator.uniform(0, 30, size=12)
        bands = Options("floors", 4.0, 1e-4, 10).bands(goal, goal)
        high = far.highest(bands)
        assert high == pytest.approx(near.highest(bands), rel=1e-12)
        for size in (0.0, 0.3, 3.0):
            reference, change = (generator.normal(0, size, 12) for _ in range(2))
            found, wanted = far.message(reference, change, high), near.message(reference, change, high)
            assert found.value == pytest.approx(wanted.value, rel=1e-11, abs=1e-11)
            assert found.expected == pytest.approx(wanted.expected, rel=1e-12)
            np.testing.assert_allclose(found.counts, wanted.counts, rtol=1e-12)
            totals = far.totals(reference, high), near.totals(reference, high)
            for name in ("expected", "squares", "largest", "effective_sample_size"):
                assert getattr(totals[0], name) == pytest.approx(getattr(totals[1], name), rel=1e-12)


def test_an_effective_size_is_kept(stream: MatchStream) -> None:
    seen = census(stream)
    config = CalibrateConfig(target=UniformTarget(), size=200, cap=10.0, effective_sample_size=180)
    law, found = calibrate_stream(config, stream, seen, np.ones(12))
    mass = law.mass(LEFT.indptr, LEFT.indices)
    assert mass.sum() == pytest.approx(200, rel=0.02) and mass.max() <= 10.0
    assert mass.sum() ** 2 / (mass @ mass) >= 180.0 * 0.99
    assert found.effective_sample_size == pytest.approx(mass.sum() ** 2 / (mass @ mass), rel=1e-9)


def test_a_size_that_cannot_be_is_refused(stream: MatchStream) -> None:
    config = CalibrateConfig(target=UniformTarget(), size=5_000, cap=1.0)
    with pytest.raises(InputError, match="size"):
        calibrate_stream(config, stream, census(stream), np.ones(12))


def test_nothing_expected_has_no_effective_size() -> None:
    assert Totals(0.0, 0.0, 0.0).effective_sample_size == 0.0
    assert Totals(4.0, 8.0, 2.0).effective_sample_size == 2.0
