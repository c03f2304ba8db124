"""What headers, first rows and keyword files tell before anything runs."""

from pathlib import Path

import pyarrow as pa

from storage.tables.shards import write_table
from tests.flows.conftest import edit
from tests.flows.preflight.faults import BARE, faults


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
