"""What headers and first rows tell of a table, form by form: nothing of a sound one, a sentence for every fault."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.tables.header_faults import files_to_look_at, json_lines_faults, numeric, parquet_faults, text_faults


def of_text(path: Path, **settings: Any) -> list[str]:
    config = TableConfig(kind="table", name="t", path=path, image_column=None, **settings)
    return list(text_faults(config, config.quotes, config.separator, config.header))


def test_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("caption,url,clip\na red ring,x,0.5\na star,y,\n")
    assert of_text(path, scores=("clip",), keep=("url",)) == []
    (fault,) = of_text(path, keep=("uri",))
    assert "no column 'uri', which keep names: it has caption, url, clip" in fault
    (fault,) = of_text(path, scores=("url",))
    assert "holds 'x' and the like: scores must name columns of numbers" in fault


def test_text_without_a_header(tmp_path: Path) -> None:
    """As Conceptual Captions has it: the configuration names the columns, and the first line is a row."""
    path = tmp_path / "a.tsv"
    path.write_text("a red ring\thttp://x\n")
    assert of_text(path, header=("caption", "url"), keep=("url",)) == []
    (fault,) = of_text(path)
    assert "no column 'caption'" in fault


def test_parquet_of_our_own_has_its_structs_fields(tmp_path: Path) -> None:
    kept = pa.array([{"url": "x"}], pa.struct([("url", pa.string())]))
    pq.write_table(pa.table({"caption": ["a star"], "kept": kept, "n": [1]}), tmp_path / "a.parquet")

    def faults(**settings: Any) -> list[str]:
        config = HuggingFaceParquetConfig(
            kind="huggingface_parquet", name="p", path=tmp_path / "a.parquet", image_column=None, **settings
        )
        return list(parquet_faults(config))

    assert faults(keep=("url",)) == []
    assert "no column 'uri'" in faults(keep=("uri",))[0]
    assert "concepts must name lists of labels" in faults(concepts="n")[0]


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"caption": "a star", "clip": "high"}\n')

    def faults(**settings: Any) -> list[str]:
        return list(
            json_lines_faults(JsonLinesConfig(kind="jsonl", name="j", path=path, image_column=None, **settings))
        )

    assert faults() == []
    assert "scores must name columns of numbers" in faults(scores=("clip",))[0]
    path.write_text("a star\n")
    assert "begins with no JSON object" in faults()[0]


def test_some_files_of_many_are_looked_at(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02d}.csv").write_text("caption\na\n")
    config = TableConfig(kind="table", name="t", path=tmp_path, pattern="*.csv", image_column=None)
    names = [path.name for path in files_to_look_at(config)]
    assert len(names) == 16 and names[0] == "00.csv" and names[-1] == "39.csv"
    with pytest.raises(InputError):
        files_to_look_at(config.model_copy(update={"pattern": "*.tsv"}))


def test_numeric_columns_are_the_label_and_the_scores() -> None:
    config = TableConfig(kind="table", name="t", path=Path("a"), label_column="l", scores=("s", "l"), image_column=None)
    assert numeric(config.columns) == ("l", "s")


def test_a_file_of_another_form_is_told_by_its_form(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"caption": ["a"]}), path)
    lines = JsonLinesConfig(kind="jsonl", name="t", path=path, image_column=None)
    for faults in (of_text(path, scores=("clip",)), list(json_lines_faults(lines))):
        assert faults == [f"{path} is a Parquet file: its kind is huggingface_parquet"]
    sheet = tmp_path / "a.csv"
    sheet.write_bytes(b"PK\x03\x04 and so on")
    assert of_text(sheet) == [f"{sheet} is a zip archive or a spreadsheet: unpack it, or save it as CSV"]
