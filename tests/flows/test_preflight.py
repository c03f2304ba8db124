"""What is known before work starts is said before work starts, all of it."""

from pathlib import Path

import pyarrow as pa
import pytest

from flows.config.pipeline import load_config, load_experiment
from flows.preflight import paths, preflight, require
from flows.run import run_here
from storage.errors import InputError
from storage.tables.shards import write_table
from tests.flows.config.studies.test_study import write
from tests.flows.conftest import edit

BARE = {"training": None, "evaluation": None, "encoder": None, "geometry": None}


def faults(path: Path, verb: str = "pipeline") -> list[str]:
    return list(preflight(load_config(path), verb))  # type: ignore[arg-type]


def test_what_can_run_has_no_faults(small: Path) -> None:
    assert faults(small) == faults(small, "curate") == faults(small, "train") == []


def test_a_device_that_is_not_there(small: Path) -> None:
    import torch

    absent = f"cuda:{torch.cuda.device_count()}"
    (fault,) = faults(edit(small, device=absent))
    assert f"`device` is {absent}, but" in fault
    assert faults(small, "curate") == []  # which encodes nothing, and needs no device
    with pytest.raises(InputError, match="cannot run: `device`"):
        run_here(load_config(small), "pipeline", lambda line: None)
    assert not (small.parent / "store").exists()


def test_a_verb_that_has_nothing_to_do(small: Path) -> None:
    bare = edit(small, **BARE)
    assert faults(bare) == []
    assert "train has nothing to do" in faults(bare, "train")[0]
    assert "evaluate has nothing to do" in faults(bare, "evaluate")[0]


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


def test_patterns_results_and_urls_are_no_paths_that_must_be_there(small: Path) -> None:
    assert dict(paths(load_config(small))) == {}


def test_a_benchmark_that_names_no_classes_or_shards(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shape"
    folder.mkdir()
    (folder / "classnames.txt").write_text("")
    found = faults(edit(small, evaluation={"benchmarks": [{"name": "shape", "path": str(folder)}]}))
    assert len(found) == 2 and all("the benchmark 'shape'" in fault for fault in found)
    assert "classnames.txt" in found[0] and "nshards.txt" in found[1]


def test_a_package_that_a_list_needs(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import preflight as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    found = faults(edit(small, metadata={"sources": [{"kind": "wordfreq"}]}, runner="ray"))
    assert "needs Ray" in found[0] and "`metadata.sources[0]` needs the package wordfreq" in found[1]


def test_what_trains_is_asked_for_only_where_something_trains(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import preflight as module

    monkeypatch.setattr(module, "missing", lambda *names: "torch")
    (fault,) = faults(small)
    assert fault.startswith("`training`: this needs torch") and fault.endswith("`--verb curate` can do without")
    assert faults(small, "curate") == []
    screened = edit(small, screening={"encoder": {"settings": {"encoder": "pixels", "modality": "image"}},
                                      "deduplicate": {"content": "pair", "near": 0.05}})  # fmt: skip
    assert "`screening` compares pictures" in faults(screened, "curate")[0]
    assert faults(edit(screened, screening=None, **BARE)) == []


def test_results_that_have_no_place(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (fault,) = faults(edit(small, output=str(tmp_path / "file" / "run")))
    assert "is a file, where a folder is needed" in fault


def test_columns_are_read_before_anything_runs(small: Path, tmp_path: Path) -> None:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    table = pa.table({"text": ["a"], "image": ["a.png"], "label": ["cat"], "score": ["high"]})
    write_table(tmp_path / "pairs.parquet", table)
    plain = {"image_column": None}
    sources = [
        {"kind": "huggingface_parquet", "name": "a", "path": str(tmp_path / "pairs.parquet"), "label_column": "label",
         "scores": ["score"]},
        {"kind": "table", "name": "b", "path": write("b.csv", "title,class\na,cat\nb,dog\n"), **plain},
        {"kind": "table", "name": "c", "path": write("c.csv", "caption,class\na,cat\n,\n"), **plain,
         "label_column": "class"},
        {"kind": "jsonl", "name": "d", "path": write("d.jsonl", '{"text": "a"}\n'), **plain},
        {"kind": "jsonl", "name": "e", "path": write("e.jsonl", "no object\n"), **plain},
        {"kind": "balance_csv", "name": "f", "path": write("f.tsv", "a title\ta/file\n"), "images": "none"},
        {"kind": "table", "name": "g", "path": str(tmp_path / "pairs.parquet"), "pattern": "*.csv", **plain},
        {"kind": "imagefolder", "name": "h", "path": str(tmp_path)},
    ]  # fmt: skip
    found = faults(edit(small, sources=sources[:6], **BARE))
    expected = [
        ("sources[0]", "no column 'caption', which caption_column names"),
        ("sources[0]", "is string: label_column must name whole numbers"),
        ("sources[0]", "is string: scores must name columns of numbers"),
        ("sources[1]", "b.csv has no column 'caption', which caption_column names: it has title, class"),
        ("sources[2]", "holds 'cat' and the like: label_column must name whole numbers"),
        ("sources[3]", "d.jsonl has no column 'caption'"),
        ("sources[4]", "begins with no JSON object"),
        ("sources[5]", "its first line must be a header"),
    ]
    assert len(found) == len(expected)
    for fault, (field, words) in zip(found, expected, strict=True):
        assert fault.startswith(f"`{field}`: ") and words in fault
    nothing = faults(edit(small, sources=sources[7:], **BARE))
    assert len(nothing) == 1 and "`sources[0]`: " in nothing[0]
    assert not (small.parent / "store").exists()


def test_columns_that_are_there_have_no_faults(small: Path, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("caption,label,clip\na red ring,3,0.5\na star,,\n")
    (tmp_path / "good.jsonl").write_text('{"caption": ["a", "b"], "label": null, "clip": 1}\n{"caption": "c"}\n')
    columns = {"label_column": "label", "scores": ["clip"], "image_column": None}
    sources = [
        {"kind": kind, "name": kind, "path": str(tmp_path / name), **columns}
        for kind, name in (("table", "good.csv"), ("jsonl", "good.jsonl"))
    ]
    assert faults(edit(small, sources=sources, **BARE)) == []


def test_keyword_files_are_read_before_anything_runs(small: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text("\n \n")
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "latin.txt").write_bytes("caf\u00e9".encode("latin-1"))
    listed = [
        {"kind": "text", "file": "blank.txt"}, {"kind": "json", "file": "bad.json"},
        {"kind": "text", "file": "latin.txt"},
        {"kind": "class_names", "datasets": ["no such set"]},
    ]  # fmt: skip
    found = faults(edit(small, metadata={"files": str(tmp_path), "sources": listed}))
    words = ("holds no keyword", "must hold a JSON list", "is not UTF-8", "no 'no such set' in clip-benchmark")
    assert [fault.split(":")[0] for fault in found] == [f"`metadata.sources[{index}]`" for index in range(4)]
    assert all(word in fault for fault, word in zip(found, words, strict=True))


def test_what_a_study_lacks_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "timm").mkdir()
    (tmp_path / "timm" / "config.json").write_text('{"architecture": "resnet18"}')
    study = {
        "kind": "zero-shot",
        "sources": [{"kind": "scenes", "rows": 64}],
        "encoders": {
            "one": {"image_model": str(tmp_path / "empty"), "text_model": str(tmp_path / "timm")},
            "two": {"image_model": str(tmp_path / "timm"), "text_model": str(tmp_path / "absent")},
        },
        "benchmarks": [{"name": "set", "path": str(tmp_path / "empty")}],
    }
    found = list(preflight(load_experiment(write(tmp_path, study)), "study"))
    starts = ["`study.encoders.two.text_model`", "`study.encoders.one.image_model`", "`study.encoders.one.text_model`"]
    assert [fault.split(":")[0] for fault in found[:3]] == starts
    assert "does not exist" in found[0] and "holds no model" in found[1] and "is a timm image model" in found[2]
    assert all(fault.startswith("the benchmark 'set'") for fault in found[3:]) and len(found) == 5
