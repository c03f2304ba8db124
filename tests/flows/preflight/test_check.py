"""What is known before work starts is said before work starts, all of it."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_config
from flows.preflight.check import require
from storage.errors import InputError
from tests.flows.conftest import edit
from tests.flows.preflight.faults import faults


def test_what_can_run_has_no_faults(small: Path) -> None:
    assert faults(small) == faults(small, "curate") == faults(small, "train") == []


def test_every_missing_path_is_told_at_once_with_its_field(small: Path, tmp_path: Path) -> None:
    sources = [
        {"kind": "huggingface_parquet", "name": "a", "path": str(tmp_path / "a.parquet")},
        {"kind": "balance_csv", "name": "b", "path": str(tmp_path / "b.csv"), "image_folder": str(tmp_path / "pics")},
    ]
    settings = {"settings": {"steps": 3, "batch": 16}, "seeds": [0], "initial": str(tmp_path / "start.safetensors")}
    shape = [{"name": "shape", "path": str(tmp_path / "shape")}]
    changed = edit(small, sources=sources, training=settings, evaluation={"benchmarks": shape})
    found = faults(changed)
    assert [fault.split(":")[0] for fault in found] == [
        "`sources[0].path`", "`sources[1].path`", "`sources[1].image_folder`", "`training.initial`",
        "`evaluation.benchmarks[0].path`",
    ]  # fmt: skip
    with pytest.raises(InputError, match="for 5 reasons"):
        require(load_config(changed), "pipeline")
