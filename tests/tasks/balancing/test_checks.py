"""Checks of weights."""

import pytest

from tasks.balancing.checks import JUDGES
from tasks.balancing.stats import BalanceStats
from tests.tasks.judged import output, verdict

STATS = BalanceStats(
    method="rake", rows=200, unmatched=100, gone=0, matched=100, matches=300, keywords=9, unit="rows", converged=True,
    reason="", residual=0, row_residual=0, column_residual=0, iterations=1, observed_rate=None, duality_gap=None,
    threshold=None, expected_size=None, effective_sample_size=50, design_effect=2, largest_weight=3,
    total_variation=0.2, total_variation_before=0.4, kl=0.1, infeasible=(), obstacles=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "failing"),
    [
        ({}, None),
        ({"matched": 19, "effective_sample_size": 19.0}, "balancing.matched"),
        ({"effective_sample_size": 1.9}, "balancing.effective_sample_size"),
        ({"total_variation": 0.51}, "balancing.total_variation"),
    ],
)
def test_each_figure_has_its_limit(changed: dict[str, float], failing: str | None) -> None:
    found = verdict(output("balance", STATS.model_copy(update=changed)))
    assert set(found) == {f"balancing.{name}" for name in ("matched", "effective_sample_size", "total_variation")}
    assert [check for check, passed in found.items() if not passed] == ([failing] if failing else [])
    assert list(JUDGES) == ["balance"]
