"""The figures of a balance: JSON and back, nothing infinite, nothing unknown."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from storage.record.stats import as_json
from tasks.balancing.config import RakeConfig, ThresholdConfig
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.solve import solve
from tasks.balancing.stats import BalanceStats, MatrixFacts, finite
from tasks.balancing.tables import figures_of
from tests.tasks.balancing.examples import write_shards

WORDS = ["a", "b", "c"]
MATRIX = incidence_of([[0], [0, 1], [1], [1]], 3)


def figures(config: RakeConfig | ThresholdConfig) -> BalanceStats:
    with tempfile.TemporaryDirectory() as folder:
        found = solve(config, MatchStream(write_shards(MATRIX, Path(folder), 2), 3), WORDS)
    return figures_of(
        config.method,
        found.balance,
        found.marginals,
        WORDS,
        unmatched=2,
        gone=1,
        expected_size=found.expected_size,
        facts=MatrixFacts(components=1),
    )


@pytest.mark.parametrize("config", [RakeConfig(), RakeConfig(steps=5), ThresholdConfig(t=1)])
def test_figures_survive_json(config: RakeConfig | ThresholdConfig) -> None:
    found = figures(config)
    assert BalanceStats.model_validate(as_json(found)) == found
    assert (found.rows, found.matched, found.unmatched, found.matches, found.keywords) == (6, 4, 2, 5, 2)
    assert found.gone == 1 and found.components == 1 and found.predicted_rate is None
    assert (found.threshold is None) == (config.method == "rake") == (found.expected_size is None)


def test_a_figure_is_known_and_finite() -> None:
    whole = as_json(figures(RakeConfig()))
    for wrong in ({"resiual": 0.1}, {"residual": float("inf")}, {"unit": "cells"}):
        with pytest.raises(ValidationError):
            BalanceStats.model_validate(whole | wrong)


def test_what_json_cannot_hold_is_none() -> None:
    assert [finite(value) for value in (None, np.inf, np.nan, 2, np.float32(0.5))] == [None, None, None, 2.0, 0.5]
    assert type(finite(np.float64(1))) is float
