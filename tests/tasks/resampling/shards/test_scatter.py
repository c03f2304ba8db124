"""The first half of the shuffle: every selected row once, with what stands beside it, and misaligned files refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from storage.tables import shards as shard_files
from storage.tables.shards import write_table
from tasks.resampling.shards import scatter
from tasks.resampling.shards.layout import Layout, shard_of
from tasks.resampling.shards.scatter import HELD, SHARDS, WORD, scattered_schema, selected_rows, write_scattered
from tests.tasks.resampling.shards.examples import COPIES, IDS, LISTS, Beside, captions, chosen, write_beside


def rows_of(files: list[Beside], layout: Layout) -> pa.Table:
    tables = [table for each in files for table in selected_rows(each.pairs, each.matches, each.selection, layout)]
    return pa.concat_tables(tables)


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize(("files", "together"), [(1, 1), (1, 20_000), (4, 1 << 20)])
def test_every_selected_row_comes_with_all_that_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expand: bool, files: int, together: int
) -> None:
    monkeypatch.setattr(shard_files, "ROWS_PER_GROUP", 70)
    monkeypatch.setattr(scatter, "BATCH_BYTES", together)  # row groups one by one, some, or all of a file
    found = rows_of(write_beside(tmp_path, files), Layout(seed=3, expand=expand))
    assert found.schema.equals(scattered_schema())
    held = np.flatnonzero(COPIES)
    rows = np.repeat(held, COPIES[held]) if expand else held
    assert found.column("id").to_pylist() == IDS[rows].tolist()
    pairs = captions().take(pa.array(rows))
    for name in ("key", "caption", "image", "label"):
        assert found.column(name).to_pylist() == pairs.column(name).to_pylist()
    assert found.column("entries").to_pylist() == [LISTS[row] for row in rows]
    assert found.column("weight").to_pylist() == (COPIES[rows] / 2).tolist()
    assert found.column("multiplicity").to_pylist() == ([1] * len(rows) if expand else COPIES[rows].tolist())
    assert len(set(found.column(WORD).to_pylist())) == len(rows) and not any(found.column(HELD).to_pylist())


def test_files_that_do_not_stand_side_by_side_are_refused(tmp_path: Path) -> None:
    one, two = write_beside(tmp_path, 2)
    with pytest.raises(InputError, match="does not stand beside these pairs"):
        rows_of([Beside(two.pairs, one.matches, one.selection)], Layout())
    short = tmp_path / "short.parquet"
    write_table(short, captions().slice(0, 200))
    with pytest.raises(InputError, match=r"selection-00000\.parquet names row 29\d of short\.parquet, which has 200"):
        rows_of([Beside(short, one.matches, one.selection)], Layout())


def test_matches_that_do_not_stand_beside_are_refused(tmp_path: Path) -> None:
    one, two = write_beside(tmp_path, 2)
    with pytest.raises(InputError, match=r"selection-00000\.parquet does not stand beside matches-00001"):
        rows_of([Beside(one.pairs, two.matches, one.selection)], Layout())
    short = tmp_path / "few.parquet"
    write_table(short, pq.read_table(one.matches).slice(0, 10))
    with pytest.raises(InputError, match=r"few\.parquet has 10 rows and does not stand beside pairs-00000"):
        rows_of([Beside(one.pairs, short, one.selection)], Layout())


@pytest.mark.parametrize("room", [1, 10_000, 1 << 20])
def test_files_close_at_their_bytes_and_hold_a_group_a_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(shard_files, "ROWS_PER_GROUP", 70)
    monkeypatch.setattr(scatter, "FILE_BYTES", room)
    layout = Layout(seed=3, validation=0.3)
    table = rows_of(write_beside(tmp_path / "in", 2), layout)
    (tmp_path / "out").mkdir()
    batches = [table.slice(start, 50) for start in range(0, table.num_rows, 50)]
    rows, held = write_scattered(iter(batches), tmp_path / "out", 5)
    assert (rows, held) == (table.num_rows, sum(table.column(HELD).to_pylist()))
    paths = sorted((tmp_path / "out").iterdir())
    assert len(paths) == {1: len(batches), 1 << 20: 1}.get(room, len(paths)) and (room != 10_000 or 1 < len(paths) < 9)
    ids: list[int] = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            shards = json.loads(file.metadata.metadata[SHARDS])
            assert file.num_row_groups == len(shards) and shards == sorted(set(shards))
            for group, shard in enumerate(shards):
                part = file.read_row_group(group)
                assert set(shard_of(part.column(WORD).to_numpy(), 5).tolist()) == {shard}
                ids += part.column("id").to_pylist()
    assert sorted(ids) == sorted(table.column("id").to_pylist())


def test_nothing_selected_is_one_empty_file(tmp_path: Path) -> None:
    each = write_beside(tmp_path, 1)[0]
    write_table(each.selection, chosen(np.zeros(600, dtype=np.int64)))
    output = tmp_path / "out"
    output.mkdir()
    assert write_scattered(selected_rows(each.pairs, each.matches, each.selection, Layout()), output, 3) == (0, 0)
    assert [pq.read_metadata(path).num_rows for path in output.iterdir()] == [0]
