"""Checks of screening."""

import pytest

from tasks.screening.checks import JUDGES
from tasks.screening.config import LeakageConfig
from tasks.screening.stats import DeduplicateStats, LeakageStats
from tests.tasks.judged import output, verdict

FOUND = LeakageStats(benchmark="shape", rows=100, evaluation_rows=10, distance=0.1, leaks=3, leaked_evaluation_rows=2,
                     nearest=0.0, captions=5, dropped=5)  # fmt: skip


@pytest.mark.parametrize(("drop", "passed"), [("images", True), ("both", True), ("captions", False), ("none", False)])
def test_leaks_that_stay(drop: str, passed: bool) -> None:
    config = LeakageConfig.model_validate({"drop": drop}).model_dump(mode="json")
    assert verdict(output("leakage", FOUND, config=config)) == {"screening.leaks": passed}
    none = FOUND.model_copy(update={"leaks": 0})
    assert verdict(output("leakage", none, config=config)) == {"screening.leaks": True}


def test_data_that_mostly_repeats_itself() -> None:
    stats = DeduplicateStats(rows=100, dropped=51, groups=1, reasons={})
    assert verdict(output("deduplicate", stats)) == {"screening.repeated": False}
    assert set(JUDGES) == {"leakage", "deduplicate"}
