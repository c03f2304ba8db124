"""A law gives the weights of the method that it came from, by keywords alone, and survives being written."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.calibration.calibrate import calibrate
from tasks.balancing.calibration.calibrate_stream import calibrate_stream
from tasks.balancing.config import CalibrateConfig, CappedTarget, RakeConfig, ThresholdConfig, UniformTarget
from tasks.balancing.law.law import NUMBERS, VECTORS, Law, tilted_weights
from tasks.balancing.law.rake_stream import rake_stream
from tasks.balancing.law.threshold_stream import threshold_stream
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tasks.balancing.raking.rake import rake
from tasks.balancing.solve import solve
from tasks.balancing.threshold_rule import threshold
from tests.tasks.balancing.examples import random_matrix, write_shards

MATRIX = random_matrix(900, 25, 4, empty=True)
SHAPE = {"indptr": MATRIX.indptr, "indices": MATRIX.indices, "columns": 25}
TARGET = np.minimum(MATRIX.counts, 40).astype(float)


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatchStream:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 250)
    return MatchStream(write_shards(MATRIX, tmp_path, 3), 25)


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("order", [("y",), ("x",), ("x", "y"), 30])
def test_raking(stream: MatchStream, initial: str, order: object) -> None:
    law, _ = rake_stream(stream, census(stream), column_target=TARGET, steps=order, initial=initial)
    wanted = rake(**SHAPE, column_target=TARGET, steps=order, initial=initial)
    weight = law.weights(MATRIX.indptr, MATRIX.indices)
    np.testing.assert_allclose(weight, wanted.weight, rtol=1e-12, atol=1e-15)
    assert weight[MATRIX.degrees > 0].mean() == pytest.approx(1, rel=1e-12) and not law.gives_copies
    assert (weight[MATRIX.degrees == 0] == 0).all()


@pytest.mark.parametrize("given", [{"t": 6.0}, {"size": 300}])
def test_threshold(stream: MatchStream, given: dict) -> None:
    law, found = threshold_stream(ThresholdConfig(**given), stream, census(stream))
    wanted = threshold(**SHAPE, **given)
    np.testing.assert_allclose(law.mass(MATRIX.indptr, MATRIX.indices), wanted.inclusion, rtol=1e-12)
    np.testing.assert_allclose(law.weights(MATRIX.indptr, MATRIX.indices), wanted.weight, rtol=1e-12)
    assert found.threshold == pytest.approx(wanted.threshold, rel=1e-12) and law.gives_copies


@pytest.mark.parametrize("cap", [1.0, 3.0, None])
def test_calibration_is_certified_on_either_way(stream: MatchStream, cap: float | None) -> None:
    config = CalibrateConfig(target=CappedTarget(t=40), slack=0.05, cap=cap, tolerance=1e-6)
    law, found = calibrate_stream(config, stream, census(stream), TARGET)
    wanted = calibrate(
        **SHAPE, lower=0.95 * TARGET, upper=1.05 * TARGET, bounds=(0, math.inf if cap is None else cap), tolerance=1e-6
    )
    copies = law.mass(MATRIX.indptr, MATRIX.indices)
    for each, total in ((found, copies.sum()), (wanted, wanted.inclusion.sum())):
        assert each.gap is not None and 0 <= each.gap <= 1e-6 * total
    assert (found.converged, found.reason[:5]) == (wanted.converged, wanted.reason[:5])
    assert [(each.kind, each.columns) for each in found.infeasible] == [
        (each.kind, each.columns) for each in wanted.infeasible
    ]
    # The divergence is strictly convex, so gaps of 1e-6 nats a caption leave two optima little room.
    np.testing.assert_allclose(copies, wanted.inclusion, rtol=0.02, atol=0.002)
    assert copies.sum() == pytest.approx(law.total, rel=1e-12)


CONFIGS = [
    RakeConfig(target=CappedTarget(t=12), steps=("x", "y", "x"), initial="pairs"),
    RakeConfig(target=CappedTarget(t=12)),
    ThresholdConfig(t=3.0),
    CalibrateConfig(target=UniformTarget(), size=100, cap=2.0),
    CalibrateConfig(target=CappedTarget(t=12), cap=None),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.method)
def test_what_is_read_is_what_was_written(tmp_path: Path, stream: MatchStream, config: object) -> None:
    law = solve(config, stream, [f"word{j}" for j in range(25)]).law
    law.write(tmp_path)
    back = Law.read(tmp_path / VECTORS, tmp_path / NUMBERS)
    for name in ("form", "unit", "matched", "total", "start", "bounds", "largest"):
        assert getattr(back, name) == getattr(law, name)
    np.testing.assert_array_equal(back.vector, law.vector)
    np.testing.assert_array_equal(
        back.weights(MATRIX.indptr, MATRIX.indices), law.weights(MATRIX.indptr, MATRIX.indices)
    )


def test_weights_do_not_depend_on_the_rows_beside_them(stream: MatchStream) -> None:
    for config in CONFIGS:
        law = solve(config, stream, [f"word{j}" for j in range(25)]).law
        whole = law.mass(MATRIX.indptr, MATRIX.indices)
        for part in (np.arange(1), np.arange(7, 300), np.arange(899, 900)):
            piece = MATRIX.take(part)
            np.testing.assert_array_equal(law.mass(piece.indptr, piece.indices), whole[part])


def test_a_tilt_is_clipped_on_both_sides() -> None:
    out = np.empty(4)
    tilt = np.log([2.0, 1e-9, 1e9])
    tilted_weights(np.array([0, 1, 2, 3, 3]), np.array([0, 1, 2], np.uint32), tilt, math.log(3), 0.5, 100.0, out)
    np.testing.assert_allclose(out, [6.0, 0.5, 100.0, 0.0], rtol=1e-15)
    tilted_weights(np.array([0, 3]), np.array([0, 1, 2], np.uint32), tilt, 0.0, 0.0, math.inf, out[:1])
    assert out[0] == pytest.approx(2.0)
