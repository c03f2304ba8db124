"""A run keeps what a benchmark printed, and says what has moved."""

import json
import sys

import pytest

from benchmarks import run
from benchmarks.claims import BENCHMARKS


def result(*ratios: float) -> dict:
    return {"ratios": {"twice": list(ratios)}}


def test_only_what_moved_is_told() -> None:
    assert run.moved(result(2.0, 3.0), result(2.1, 2.0)) == ["twice, line 2: 3 → 2"]
    assert run.moved({"ratios": {}}, result(2.0)) == []


def test_a_failure_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"benchmarks\.raking failed with 2"):
        run.measure(BENCHMARKS["raking"], ["--no-such-option"], "")


def test_lines_and_the_machine_are_kept(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(
        sys, "argv", ["run", "interval_coverage", "--options", "2", "--note", "two", "--results", str(tmp_path)]
    )
    run.main()
    kept = json.loads((tmp_path / "interval_coverage.json").read_text())
    assert kept["command"] == "python -m benchmarks.interval_coverage 2" and kept["note"] == "two"
    assert kept["lines"][0].startswith("2 experiments a line") and kept["lines"][0] in capsys.readouterr().out
    assert kept["machine"]["processors"] >= 1 and kept["seconds"] > 0
