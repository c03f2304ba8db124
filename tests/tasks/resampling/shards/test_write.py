"""Writing the shards: complete or refused, the same bytes with any number of buckets, nothing left of an older try."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.resampling.config import CurateConfig
from tasks.resampling.shards import write
from tasks.resampling.shards.curated import Layout
from tasks.resampling.shards.write import Folders, write_curated
from tests.tasks.balancing.builders import World
from tests.tasks.resampling.chains import files, run


class Inputs:
    """A selection of a made-up collection, and where its pairs and matches lie."""

    def __init__(self, store: Path) -> None:
        found = run(store, World(shards=2), CurateConfig())
        self.selection = read_table(files(store, found["select"], "selection.parquet"))
        self.pairs = files(store, found["pairs"], "pairs-*.parquet")
        self.matches = files(store, found["matches"], "matches-*.parquet")

    def write(self, folder: Path, layout: Layout) -> dict[str, int]:
        (folder / "out").mkdir(parents=True)
        folders = Folders(folder / "out", folder / "scratch")
        return write_curated(self.selection, self.pairs, self.matches, layout, folders, rows_per_shard=100)


@pytest.mark.parametrize("expand", [False, True])
def test_buckets_and_remains_of_an_older_try_change_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expand: bool
) -> None:
    inputs, layout = Inputs(tmp_path / "store"), Layout(3, 0.25, expand)
    rows = inputs.write(tmp_path / "one", layout)
    copies = sum(inputs.selection.column("multiplicity").to_pylist())
    assert rows["curated"] + rows["validation"] == (copies if expand else inputs.selection.num_rows)
    assert len(list((tmp_path / "one/out").glob("curated-*"))) == math.ceil(rows["curated"] / 100)
    size = sum(path.stat().st_size for path in inputs.pairs)
    monkeypatch.setattr(write, "BUCKET_BYTES", size // 5)
    older = tmp_path / "many/scratch/curated"
    older.mkdir(parents=True)
    (older / "bucket-0000-00000.parquet").write_bytes(b"half a file")
    assert inputs.write(tmp_path / "many", layout) == rows
    for path in sorted((tmp_path / "one/out").iterdir()):
        assert (tmp_path / "many/out" / path.name).read_bytes() == path.read_bytes()


def test_a_selected_caption_that_is_not_in_the_pairs_is_refused(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path / "store")
    inputs.pairs = inputs.pairs[:1]
    with pytest.raises(InputError, match=f"names {inputs.selection.num_rows} captions, but"):
        inputs.write(tmp_path / "missing", Layout())


def test_sides_that_are_not_asked_for_are_not_written(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path / "store")
    assert inputs.write(tmp_path / "out", Layout()) == {"curated": inputs.selection.num_rows}
    assert not list((tmp_path / "out/out").glob("validation-*"))
