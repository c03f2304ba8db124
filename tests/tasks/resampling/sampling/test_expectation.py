"""The factor found in passes is that of sorting all weights, and what is expected is what `draw` expects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.config import BalancingConfig, CalibrateConfig, CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.law.law import Law
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.solve import solve
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.expectation import Expectation, solve_expectation, solve_scale
from tasks.resampling.sampling.scale import scale_for_size
from tests.tasks.balancing.examples import random_matrix, write_shards

MATRIX = random_matrix(700, 30, 6, empty=True, tail=1.5)
HELD = MATRIX.degrees > 0
METHODS = [
    RakeConfig(target=CappedTarget(t=12)),
    ThresholdConfig(t=4.0),
    CalibrateConfig(target=CappedTarget(t=12), cap=3.0),
]


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MatchStream:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 160)
    return MatchStream(write_shards(MATRIX, tmp_path, 3), 30, mapper=mapped(2), held=0)


def law_of(method: BalancingConfig, stream: MatchStream) -> Law:
    return solve(method, stream, [f"word{j}" for j in range(30)]).law


def law_of_weights(weights: list[float], folder: Path) -> tuple[Law, MatchStream]:
    """A law under which caption j, the only one of keyword j, weighs `weights[j]` over their mean."""
    matrix = incidence_of([[j] for j in range(len(weights))], len(weights))
    stream = MatchStream(write_shards(matrix, folder, 2), len(weights))
    with np.errstate(divide="ignore"):
        vector = np.log(np.asarray(weights, dtype=float))
    law = Law("tilted", "pairs", len(weights), float(np.sum(weights)), vector, bounds=(0.0, np.inf))
    return law, stream


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
@pytest.mark.parametrize(("size", "most"), [(50, 1.0), (300, 1.0), (520, 1.0), (50, 3.0), (1200, 3.0), (600, 65535.0)])
def test_the_factor_is_that_of_sorting(stream: MatchStream, method: BalancingConfig, size: float, most: float) -> None:
    law = law_of(method, stream)
    weight = law.weights(MATRIX.indptr, MATRIX.indices)
    found = solve_scale(law, stream, size, most)
    assert found == pytest.approx(scale_for_size(weight, size, most), rel=1e-12)
    assert np.minimum(most, found * weight).sum() == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize("weights", [[1, 1, 1, 3], [1e-3, 1, 1e3], [1, 2, 4, 8, 16, 32, 64, 128, 256], [0, 1, 0, 5]])
def test_any_weights_and_every_size(tmp_path: Path, weights: list[float]) -> None:
    law, stream = law_of_weights(weights, tmp_path)
    positive = sum(weight > 0 for weight in weights)
    mean = np.mean(weights)
    for most in (1.0, 3.0):
        for share in (0.01, 0.3, 0.7, 0.99, 1.0):
            size = share * most * positive
            found = solve_scale(law, stream, size, most)
            assert np.minimum(most, found * np.array(weights) / mean).sum() == pytest.approx(size, rel=1e-9)
        with pytest.raises(InputError, match=f"but {positive} captions have positive weight"):
            solve_scale(law, stream, most * positive + 0.5, most)


@pytest.mark.parametrize("draws", ["poisson", "residual", "multinomial", "systematic"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
@pytest.mark.parametrize(("size", "most"), [(None, 65535), (100, 65535), (400, 65535), (400, 2)])
def test_what_is_expected_is_what_draw_expects(
    stream: MatchStream, method: BalancingConfig, draws: str, size: int | None, most: int
) -> None:
    most = 65535 if draws == "multinomial" else most  # which does not cut, but refuses
    config = ResamplingConfig(method=draws, size=size, seed=2, most_copies=most)
    law = law_of(method, stream)
    found = solve_expectation(config, law, stream)
    mass = law.mass(MATRIX.indptr, MATRIX.indices)
    whole = MATRIX.take(np.flatnonzero(HELD))
    wanted = draw(
        whole.ids,
        law.weights(whole.indptr, whole.indices),
        method=draws,
        size=size,
        seed=2,
        most=most,
        inclusion=law.mass(whole.indptr, whole.indices) if law.gives_copies else None,
    )
    copies = found.copies(mass)
    np.testing.assert_allclose(copies[HELD], wanted.expected, rtol=1e-11)
    assert (copies[~HELD] == 0).all()
    assert found.expected == pytest.approx(copies.sum(), rel=1e-12)
    assert found.own == wanted.own_inclusion and found.scale == pytest.approx(wanted.scale, rel=1e-11)
    assert found == Expectation(**found.as_json())


def test_the_factor_is_the_same_to_the_bit_for_any_files_and_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 160)
    for method in METHODS:
        found = set()
        for shards, workers in ((1, 1), (4, 3), (9, 2)):
            paths = write_shards(MATRIX, tmp_path / str(shards), shards)
            stream = MatchStream(paths, 30, mapper=mapped(workers), held=0)
            found.add(solve_expectation(ResamplingConfig(size=300), law_of(method, stream), stream))
        assert len(found) == 1


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.method)
def test_rows_are_read_only_where_a_caption_reaches_the_limit(
    stream: MatchStream, monkeypatch: pytest.MonkeyPatch, method: BalancingConfig
) -> None:
    law = law_of(method, stream)
    assert law.largest == law.mass(MATRIX.indptr, MATRIX.indices).max()

    def refuse(*_: object) -> None:
        raise AssertionError("rows were read")

    monkeypatch.setattr(MatchStream, "map", refuse)
    found = solve_expectation(ResamplingConfig(size=100), law, stream)
    assert found.expected == pytest.approx(100)
    assert found.copies(law.mass(MATRIX.indptr, MATRIX.indices)).sum() == pytest.approx(100)
    with pytest.raises(AssertionError, match="rows were read"):
        solve_expectation(ResamplingConfig(size=400, most_copies=1), law, stream)


def test_without_any_weight_there_is_nothing_to_draw(tmp_path: Path) -> None:
    law, stream = law_of_weights([0.0, 0.0], tmp_path)
    with pytest.raises(InputError, match="no caption has a positive weight"):
        solve_expectation(ResamplingConfig(), law, stream)
