"""Some of the pictures: the same whatever the shards, none without a label or an image."""

from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.shards import read_table, write_table
from tasks.studies.selfsupervised.config import SampleConfig
from tasks.studies.selfsupervised.sample import sample_pairs
from tests.tasks.training.conftest import pairs_table


def shards(folder: Path, parts: int) -> list[Path]:
    table = pairs_table(60)
    nothing = pa.array([None] * 1 + table["label"].to_pylist()[1:], table["label"].type)
    table = table.set_column(table.column_names.index("label"), "label", nothing)
    folder.mkdir()
    paths = []
    for part in range(parts):
        paths.append(folder / f"pairs-{part:05d}.parquet")
        write_table(paths[-1], table.slice(60 * part // parts, 60 * (part + 1) // parts - 60 * part // parts))
    return paths


@pytest.mark.parametrize("parts", (2, 7))
def test_the_same_rows_whatever_the_shards(tmp_path: Path, parts: int) -> None:
    config = SampleConfig(rows=20, seed=3)
    found = []
    for count in (1, parts):
        output = tmp_path / f"out{count}"
        output.mkdir()
        assert sample_pairs(shards(tmp_path / f"in{count}", count), config, output) == 59
        found.append(read_table(sorted(output.glob("pairs-*.parquet"))))
    assert found[0].equals(found[1]) and len(found[0]) == 20 and found[0]["label"].null_count == 0


def test_all_where_there_are_fewer(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    sample_pairs(shards(tmp_path / "in", 1), SampleConfig(rows=1_000), output)
    assert len(read_table(sorted(output.glob("pairs-*.parquet")))) == 59
