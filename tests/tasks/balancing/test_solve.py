"""From a configuration to weights: each method as its function gives it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.balancing import solve as solve_module
from tasks.balancing.calibration.to_size import calibrate_to_size
from tasks.balancing.config import (
    CalibrateConfig,
    CappedTarget,
    FileTarget,
    RakeConfig,
    TemperedTarget,
    ThresholdConfig,
    UniformTarget,
)
from tasks.balancing.diagnostics import normalised, total_variation
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.rake import rake
from tasks.balancing.solve import Solution, solve
from tasks.balancing.targets import base_measure, capped, target_masses
from tasks.balancing.theory.convergence_facts import survey
from tasks.balancing.threshold_rule import threshold, threshold_for_tail_share
from tests.tasks.balancing.examples import random_matrix, write_shards

WORDS = list("abcdefgh")


MATRIX = random_matrix(600, 8, 5, empty=True)
SHAPE = {"indptr": MATRIX.indptr, "indices": MATRIX.indices, "columns": 8}
BASES = {unit: base_measure(MATRIX, unit) for unit in ("rows", "pairs")}


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatchStream:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 170)
    return MatchStream(write_shards(MATRIX, tmp_path, 3), 8, mapper=mapped(2), held=0)


def weights_of(found: Solution) -> np.ndarray:
    return found.law.weights(MATRIX.indptr, MATRIX.indices)


@pytest.mark.parametrize("initial", ["rows", "pairs"])
@pytest.mark.parametrize("steps", [("y",), 4, 200])
@pytest.mark.parametrize("target", [UniformTarget(), CappedTarget(t=30), TemperedTarget(alpha=0.5)])
def test_raking_is_that_of_the_whole_matrix(stream: MatchStream, initial: str, steps: object, target: object) -> None:
    tolerance = 1e-6 if steps == 200 else None
    config = RakeConfig(target=target, steps=steps, initial=initial, tolerance=tolerance)
    found = solve(config, stream, WORDS)
    goal = normalised(target_masses(target, BASES[initial], WORDS))
    wanted = rake(**SHAPE, column_target=goal, steps=steps, initial=initial, tolerance=tolerance)
    np.testing.assert_allclose(weights_of(found), wanted.weight, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.marginals.target, goal, rtol=1e-14)
    for name in ("converged", "iterations", "infeasible", "unit", "reason"):
        assert getattr(found.balance, name) == getattr(wanted, name)
    facts = survey(MATRIX, lambda _: wanted.weight[MATRIX.degrees > 0], wanted.log_scale, goal, WORDS)
    for name, value in facts.model_dump().items():
        assert getattr(found.facts, name) == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
    assert found.expected_size is None and found.facts.components is not None


@pytest.mark.parametrize("given", [{"t": 6.0}, {"size": 30}, {"size": 400}, {"tail_share": 0.3}])
def test_threshold_is_that_of_the_whole_matrix(stream: MatchStream, given: dict) -> None:
    found = solve(ThresholdConfig(**given), stream, WORDS)
    t = threshold_for_tail_share(MATRIX.counts, 0.3) if "tail_share" in given else given.get("t")
    wanted = threshold(**SHAPE, t=t, size=given.get("size"))
    np.testing.assert_allclose(weights_of(found), wanted.weight, rtol=1e-11)
    assert found.balance.threshold == pytest.approx(wanted.threshold, rel=1e-12) and found.balance.converged
    assert found.expected_size == pytest.approx(wanted.inclusion.sum(), rel=1e-12)
    np.testing.assert_allclose(found.marginals.target, normalised(capped(BASES["pairs"], wanted.threshold)), rtol=1e-9)
    with pytest.raises(InputError, match="can be kept"):
        solve(ThresholdConfig(size=700), stream, WORDS)


@pytest.mark.parametrize("target", [UniformTarget(), CappedTarget(t=30)])
@pytest.mark.parametrize("size", [40, 200])
@pytest.mark.parametrize("cap", [1.0, 4.0])
def test_calibration_is_that_of_the_whole_matrix_to_its_certificate(
    stream: MatchStream, target: object, size: int, cap: float
) -> None:
    config = CalibrateConfig(target=target, size=size, cap=cap, tolerance=1e-6)
    found = solve(config, stream, WORDS)
    wanted = calibrate_to_size(
        **SHAPE,
        target=target_masses(target, BASES["pairs"], WORDS),
        size=size,
        cap=cap,
        slack=config.slack,
        priority=config.priority,
        price=config.price,
        tolerance=1e-6,
        iterations=config.iterations,
    )
    copies = found.law.mass(MATRIX.indptr, MATRIX.indices)
    assert copies.sum() == pytest.approx(found.expected_size, rel=1e-12) and copies.max() <= cap * (1 + 1e-12)
    for each, total in ((found.balance, copies.sum()), (wanted, wanted.inclusion.sum())):
        assert each.gap is not None and each.gap <= 1e-6 * total * 1.01
    assert found.balance.converged == wanted.converged
    assert found.expected_size == pytest.approx(wanted.inclusion.sum(), rel=2e-3)
    np.testing.assert_allclose(copies, wanted.inclusion, rtol=0.03, atol=0.003)
    assert [each.columns for each in found.balance.infeasible] == [each.columns for each in wanted.infeasible]


def test_the_law_is_the_same_to_the_bit_for_any_files_and_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 170)
    configs = (
        RakeConfig(target=CappedTarget(t=30), steps=9),
        ThresholdConfig(size=100),
        CalibrateConfig(target=CappedTarget(t=30), size=100),
        CalibrateConfig(target=CappedTarget(t=30)),
    )
    for config in configs:
        found = []
        for shards, workers, held in ((1, 1, 1 << 20), (5, 3, 0), (2, 2, 3_000)):
            paths = write_shards(MATRIX, tmp_path / str(shards), shards)
            found.append(solve(config, MatchStream(paths, 8, mapper=mapped(workers), held=held), WORDS))
        for other in found[1:]:
            np.testing.assert_array_equal(other.law.vector, found[0].law.vector)
            assert other.law.total == found[0].law.total
            assert other.balance.reason == found[0].balance.reason


def test_marginals_are_those_of_captions_and_not_of_raked_pairs(tmp_path: Path) -> None:
    small = incidence_of([[0], [0, 1], [1], [0, 1]], 3)
    path = tmp_path / "target.parquet"
    write_table(path, pa.table({"text": ["a", "b"], "target": [0.9, 0.1]}))
    config = RakeConfig(target=FileTarget(path=path), steps=("y",))
    found = solve(config, MatchStream(write_shards(small, tmp_path, 2), 3), WORDS[:3])
    assert found.marginals.counts.tolist() == [3, 3, 0] and found.marginals.matched == 4
    np.testing.assert_allclose(found.marginals.observed, [0.5, 0.5, 0.0])
    wanted = rake(small.indptr, small.indices, columns=3, column_target=[0.9, 0.1, 0], steps=("y",)).weight
    share = np.repeat(wanted / small.degrees, small.degrees)
    expected = np.bincount(small.indices, share, minlength=3) / 4
    np.testing.assert_allclose(found.marginals.expected, expected, rtol=1e-12)
    assert found.marginals.largest_weight == pytest.approx(wanted.max())
    assert total_variation(found.balance.column_marginal, [0.9, 0.1, 0.0]) < 1e-12
    assert total_variation(expected, [0.9, 0.1, 0.0]) > 0.01


def test_large_matrices_are_looked_at_keyword_by_keyword(stream: MatchStream, monkeypatch: pytest.MonkeyPatch) -> None:
    config = RakeConfig(target=CappedTarget(t=30), steps=3)
    seeing = solve(config, stream, WORDS)
    monkeypatch.setattr(solve_module, "MOST_MATCHES_WHOLE", 10)
    blind = solve(config, stream, WORDS)
    np.testing.assert_array_equal(blind.law.vector, seeing.law.vector)
    assert blind.facts.components is None and seeing.facts.components is not None
