"""Every method that a configuration may name is answered, and one of a reader's own goes all the way."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pytest

from tasks.balancing.config import (
    BalancingConfig,
    BalancingMethod,
    CalibrateConfig,
    CappedTarget,
    RakeConfig,
    Target,
    ThresholdConfig,
)
from tasks.balancing.diagnostics import normalised
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.methods import table
from tasks.balancing.methods.calibrate import by_calibration
from tasks.balancing.methods.problem import Answer, Problem, measured_answer
from tasks.balancing.methods.rake import by_raking
from tasks.balancing.methods.threshold import by_threshold
from tasks.balancing.raking.census import census
from tasks.balancing.solve import solve
from tasks.balancing.tables import figures_of
from tasks.balancing.targets import target_masses
from tests.paths import ROOT
from tests.tasks.balancing.examples import dense, random_matrix, write_shards

MATRIX = random_matrix(300, 6, 3, empty=True)
WORDS = list("abcdef")
NAMES = {member: member.model_fields["method"].default for member in get_args(get_args(BalancingConfig)[0])}


@pytest.fixture
def stream(tmp_path: Path) -> MatchStream:
    return MatchStream(write_shards(MATRIX, tmp_path, 2), 6)


def test_every_method_is_answered_and_stands_on_the_page_that_helps_to_choose() -> None:
    assert table.METHODS.keys() == NAMES.keys()
    page = (ROOT / "docs" / "how-to" / "choose.md").read_text(encoding="utf-8")
    for name in NAMES.values():
        assert f"{{method: {name}" in page, f"docs/how-to/choose.md shows no {name}"
        assert f" `{name}` |" in page, f"docs/how-to/choose.md has no column for {name}"
    assert all(member.model_fields["takedown"] for member in NAMES)  # by inheritance: nothing can be kept from `drop`
    assert all(issubclass(member, BalancingMethod) for member in NAMES)


def test_goals_are_marginals_in_the_unit_of_the_configuration(stream: MatchStream) -> None:
    problem = Problem(stream, census(stream), WORDS)
    target = CappedTarget(t=20)
    raked = by_raking(RakeConfig(target=target), problem)
    np.testing.assert_allclose(raked.goal, normalised(np.minimum(problem.seen.base, 20)))
    assert raked.facts.components is None  # without the whole matrix nothing is claimed of it
    assert by_raking(RakeConfig(target=target), Problem(stream, census(stream), WORDS, MATRIX)).facts.components
    by_counts = normalised(np.minimum(MATRIX.counts, 20))
    np.testing.assert_allclose(by_calibration(CalibrateConfig(target=target), problem).goal, by_counts)
    np.testing.assert_allclose(by_threshold(ThresholdConfig(t=20), problem).goal, by_counts)


class DampedConfig(BalancingMethod):
    """Half a half step: scalings to the power τ, as entropic unbalanced transport takes them."""

    method: Literal["damped"] = "damped"
    target: Target = CappedTarget()
    tau: float = 0.5

    def passes(self) -> int:
        return 3


def by_damping(config: DampedConfig, problem: Problem) -> Answer:
    base = problem.seen.measure(config.unit)
    goal = normalised(target_masses(config.target, base, problem.texts))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(base > 0, config.tau * np.log(goal / normalised(base)), 0.0)
    law = Law("split", config.unit, problem.seen.matched, 1.0, scale, start=problem.seen.unit_mass(config.unit))
    return measured_answer(law, problem, goal, reason="one damped half step was made")


def test_a_method_of_ones_own_needs_its_configuration_and_its_function(
    stream: MatchStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DampedConfig(target=CappedTarget(t=20), tau=0.5)
    with pytest.raises(NotImplementedError, match="DampedConfig; name one in METHODS"):
        solve(config, stream, WORDS)
    monkeypatch.setattr(table, "METHODS", {**table.METHODS, DampedConfig: by_damping})
    monkeypatch.setattr("tasks.balancing.solve.METHODS", table.METHODS)
    found = solve(config, stream, WORDS)

    held = dense(MATRIX)
    goal = np.minimum(MATRIX.counts, 20) / np.minimum(MATRIX.counts, 20).sum()
    weight = held @ np.sqrt(goal / (MATRIX.counts / MATRIX.counts.sum()))
    weight /= weight[MATRIX.degrees > 0].mean()
    np.testing.assert_allclose(found.law.weights(MATRIX.indptr, MATRIX.indices), weight, rtol=1e-12)
    figures = figures_of(
        config.method, found.balance, found.marginals, WORDS,
        unmatched=found.seen.rows - found.seen.matched, gone=0, expected_size=found.expected_size, facts=found.facts,
    )  # fmt: skip
    expected = held.T @ weight / (held.T @ weight).sum()
    assert figures.method == "damped" and figures.total_variation == pytest.approx(np.abs(expected - goal).sum() / 2)
    assert figures.total_variation < figures.total_variation_before
    assert figures.effective_sample_size == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert figures.expected_size is None and not figures.converged
