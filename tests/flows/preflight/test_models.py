"""Benchmarks and folders of encoders that hold no such thing."""

from pathlib import Path

from flows.config.pipeline import load_experiment
from flows.preflight.check import preflight
from tests.flows.config.studies.test_study import write
from tests.flows.conftest import edit
from tests.flows.preflight.faults import faults


def test_a_benchmark_that_names_no_classes_or_shards(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shape"
    folder.mkdir()
    (folder / "classnames.txt").write_text("")
    found = faults(edit(small, evaluation={"benchmarks": [{"name": "shape", "path": str(folder)}]}))
    assert len(found) == 2 and all("the benchmark 'shape'" in fault for fault in found)
    assert "classnames.txt" in found[0] and "nshards.txt" in found[1]


def test_what_a_study_lacks_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "config.json").write_text('{"architecture": "resnet18"}')
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "bert" / "tokenizer.json").write_text("{}")
    (tmp_path / "bert" / "model.safetensors").touch()
    study = {
        "kind": "zero-shot",
        "sources": [{"kind": "scenes", "rows": 64}],
        "encoders": {
            "one": {"image_model": str(tmp_path / "empty"), "text_model": str(tmp_path / "timm")},
            "two": {"image_model": str(tmp_path / "timm"), "text_model": str(tmp_path / "absent")},
            "three": {"image_model": str(tmp_path / "bert"), "text_model": str(tmp_path / "bert")},
        },
        "benchmarks": [{"name": "set", "path": str(tmp_path / "empty")}],
    }
    found = list(preflight(load_experiment(write(tmp_path, study)), "study"))
    starts = ["`study.encoders.two.text_model`", "`study.encoders.one.image_model`", "`study.encoders.one.text_model`"]
    assert [fault.split(":")[0] for fault in found[:3]] == starts
    assert "does not exist" in found[0] and "holds no model" in found[1] and "is a timm image model" in found[2]
    assert found[3].startswith("`study.encoders.three.image_model`") and "holds no image processor" in found[3]
    assert found[4].startswith("`study.encoders.two.image_model`") and "holds no *.safetensors" in found[4]
    assert all(fault.startswith("the benchmark 'set'") for fault in found[5:]) and len(found) == 7
