"""The checks of all rooms together: which stage is judged by whom, and how findings are folded."""

from pathlib import Path

from tasks.checks import Checks, counted, judge, verdicts
from tasks.ingest.stats import SurveyStats
from tasks.limits import Finding
from tests.tasks.judged import output


def test_a_section_given_in_part_keeps_the_rest() -> None:
    checks = Checks.model_validate({"balancing": {"matched": {"severity": "error"}}})
    assert checks.balancing.matched.severity == "error"
    assert checks.balancing.matched.least == Checks().balancing.matched.least
    assert checks.training == Checks().training


def test_every_default_is_a_warning_but_for_what_makes_the_rest_meaningless() -> None:
    found = {f"{room}.{name}" for room, limits in Checks() for name, limit in limits if limit.severity == "error"}
    assert found == {
        "ingest.rows", "ingest.columns", "matching.keywords", "resampling.rows", "resampling.columns",
        "resampling.repeated_ids", "resampling.split_ids", "training.finite",
    }  # fmt: skip


def test_a_stage_without_checks_is_not_judged() -> None:
    stats = SurveyStats(rows=0, sources={}, rejected={})
    assert judge(Checks(), output("concepts", stats), Path()) == ()
    (found,) = judge(Checks(), output("survey", stats), Path())
    assert found.check == "ingest.rows" and found.refuses


def test_findings_are_folded_and_what_failed_comes_first() -> None:
    def finding(check: str, severity: str, passed: bool, said: str = "") -> Finding:
        return Finding(check, severity, passed, said)  # type: ignore[arg-type]

    folded = verdicts([
        ("a", "s", finding("fine", "error", True, "well")),
        ("a", "s", finding("low", "warning", True)),
        ("b", "s", finding("low", "warning", False, "b is low")),
        ("c", "s", finding("low", "warning", False, "c is low")),
        ("a", "t", finding("bad", "error", False, "a is bad")),
    ])  # fmt: skip
    assert [(each.check, each.word, each.judged, each.failed) for each in folded] == [
        ("bad", "error", 1, 1), ("low", "warning", 3, 2), ("fine", "passed", 1, 0),
    ]  # fmt: skip
    assert folded[1].said == "b is low" and folded[1].runs == ("b", "c")
    assert counted([each.word for each in folded]) == "1 passed, 1 warning, 1 error"
    assert counted(["warning", "passed", "warning"]) == "1 passed, 2 warnings"
