"""Tables beside a folder of images: plans by bytes, and the files that a group depends on."""

from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.ingest.rules import Group
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.tables.forms.json_lines import JsonLinesShard
from tasks.ingest.tables.source import BYTES_PER_ROW, batches_of_table, files_of_table, plan_table


def test_a_plan_asks_for_sizes_and_counts_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"x" * BYTES_PER_ROW * 25)
    config = JsonLinesConfig(name="j", path=tmp_path / "a.jsonl", image_column=None, rows_per_group=10)
    assert plan_table(config) == tuple(Group(files=("a.jsonl",), index=index, of=3) for index in range(3))


def test_files_and_rows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"caption": "one"}\n{"caption": "two"}\n')
    config = JsonLinesConfig(name="j", path=tmp_path / "a.jsonl")
    (group,) = plan_table(config)
    assert files_of_table(config, group) == (tmp_path / "a.jsonl", tmp_path)
    alone = config.model_copy(update={"image_column": None})
    files = files_of_table(alone, group)
    (batch,) = batches_of_table(alone, group, files, lambda config, name, path: JsonLinesShard(name, path))
    assert batch.pairs["caption"].to_pylist() == ["one", "two"]
    (tmp_path / "a.jsonl").unlink()
    with pytest.raises(InputError, match="does not exist"):
        files_of_table(alone, group)
