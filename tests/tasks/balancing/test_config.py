"""Configurations: told apart by method, refused before work starts, and sensitive to a target file's content."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from storage.errors import InputError
from tasks.balancing.config import (
    BalancingConfig,
    BalancingMethod,
    CalibrateConfig,
    FileTarget,
    RakeConfig,
    ThresholdConfig,
)


def test_configurations_are_told_apart_by_method() -> None:
    read = TypeAdapter(BalancingConfig).validate_python
    assert isinstance(read({"method": "rake", "steps": ["x", "y"]}), RakeConfig)
    assert isinstance(read({"method": "calibrate", "target": {"kind": "capped", "t": 5}}), CalibrateConfig)
    bad = [
        {"method": "threshold"},
        {"method": "threshold", "t": 2, "size": 3},
        {"method": "calibrate", "target": {"kind": "uniform"}},
        {"method": "calibrate", "effective_sample_size": 10},
        {"method": "rake", "steps": ["z"]},
        {"method": "rake", "steps": -1},
        {"method": "rake", "step": 1},
        {"method": "rake", "tolerance": 0},
        {"method": "rake", "target": {"kind": "mixture", "parts": []}},
        {"method": "prune"},
    ]
    for values in bad:
        with pytest.raises(ValidationError):
            read(values)


def test_the_content_of_a_target_file_enters_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "target.csv"
    path.write_text("text,target\na,1\n", encoding="utf-8")
    before = FileTarget(path=path)
    assert before.fingerprint and before.checked_path() == path
    path.write_text("text,target\na,2\n", encoding="utf-8")
    assert FileTarget(path=path).fingerprint != before.fingerprint
    with pytest.raises(InputError, match="changed"):
        before.checked_path()
    with pytest.raises(ValidationError, match="does not exist"):
        FileTarget(path=tmp_path / "absent.csv")


def test_units_follow_the_start_of_raking() -> None:
    assert RakeConfig().unit == "rows" and RakeConfig(initial="pairs").unit == "pairs"
    assert ThresholdConfig(t=1).unit == CalibrateConfig().unit == "pairs"


def test_a_method_must_say_what_it_costs() -> None:
    class Silent(BalancingMethod):
        method: Literal["silent"] = "silent"

    with pytest.raises(TypeError, match="abstract method passes"):
        Silent()
