"""The run before stays beside the last one, as long as it was whole and brought something else."""

import json
from pathlib import Path

import pytest

from flows.commands.reading.difference import diff
from flows.config.pipeline import load_config
from flows.engine.engine import Node
from flows.records.before import BEFORE, EARLIER, keep_the_run_before, run_before
from flows.run import run_here
from storage.errors import InputError
from tests.flows.conftest import edit
from tests.flows.test_following import node


def write(folder: Path, **digests: str) -> None:
    nodes = [{"label": label, "digest": digest} for label, digest in digests.items()]
    (folder / "lineage.json").write_text(json.dumps({"nodes": nodes}))
    (folder / "summary.json").write_text(json.dumps(digests))


def test_a_whole_run_that_brought_something_else_is_kept(tmp_path: Path) -> None:
    night = [node("ingest", "a"), node("match", "b")]
    keep_the_run_before(tmp_path, night)
    assert not list(tmp_path.iterdir())  # the first
    write(tmp_path, ingest="a", match="b")
    keep_the_run_before(tmp_path, night)
    assert not (tmp_path / BEFORE).exists()  # nothing new
    keep_the_run_before(tmp_path, [node("ingest", "a"), node("match", "c")])
    assert json.loads((tmp_path / BEFORE / "summary.json").read_text()) == {"ingest": "a", "match": "b"}
    write(tmp_path, ingest="a", match="")  # a night that failed
    keep_the_run_before(tmp_path, [Node("ingest", "ingest", "failed", None), node("match", "c")])
    assert "b" in (tmp_path / BEFORE / "lineage.json").read_text()
    (tmp_path / "lineage.json").write_text("[")
    keep_the_run_before(tmp_path, night)


def test_the_run_before_is_the_same_configurations_or_else_the_one_before_it(tmp_path: Path) -> None:
    assert run_before(tmp_path) is None
    for name in ("2026-11-26T03-00-00", "2026-11-27T03-00-00"):
        (tmp_path / EARLIER / name).mkdir(parents=True)
        write(tmp_path / EARLIER / name, ingest="a")
    (tmp_path / EARLIER / "2026-11-28T03-00-00").mkdir()  # cut in the middle
    assert run_before(tmp_path) == tmp_path / EARLIER / "2026-11-27T03-00-00"
    (tmp_path / BEFORE).mkdir()
    write(tmp_path / BEFORE, ingest="b")
    assert run_before(tmp_path) == tmp_path / BEFORE


def test_one_folder_is_compared_with_the_run_before(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = small.parent / "rows.csv"
    source = {"kind": "table", "name": "rows", "path": str(table), "caption_column": "text", "image_column": None}
    metadata = {"sources": [{"kind": "entries", "entries": ["red", "blue"]}]}
    bare = {"training": None, "evaluation": None, "encoder": None, "geometry": None}
    config = load_config(edit(small, **bare, sources=[source], metadata=metadata))
    for rows in (20, 30):
        table.write_text("text\n" + "a red dog\na blue cat\n" * rows)
        if rows == 30:
            with pytest.raises(InputError, match="no run before its last one"):
                diff(config.folder)
        run_here(config, "pipeline", lambda line: None)
    capsys.readouterr()
    diff(config.folder, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert {"name": "curation, rows, Ingested", "first": 40.0, "second": 60.0} in found["numbers"]
    assert "ingest rows rows.csv" in {stage["label"] for stage in found["stages"]}
