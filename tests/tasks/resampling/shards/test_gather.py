"""The second half of the shuffle: the same bytes for any groups and files, in hash order, no image on both sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.schemas import CURATED, Carried, with_carried
from storage.tables.shards import read_table, write_table
from tasks.ingest.rows.extras import Extras
from tasks.resampling.shards import scatter
from tasks.resampling.shards.gather import Gathered, Scattered, shards_of_part, write_shard
from tasks.resampling.shards.layout import Layout, order_words
from tasks.resampling.shards.scatter import selected_rows, write_scattered
from tasks.resampling.shards.splits import image_ids
from tests.tasks.resampling.shards.examples import COPIES, IDS, write_beside

SHARDS = 6


def shuffled(folder: Path, layout: Layout, *, groups: int, backwards: bool = False) -> dict[str, bytes]:
    """Everything from files side by side to shards: their bytes by name."""
    scattered = []
    for number, each in enumerate(write_beside(folder / "in", groups)):
        place = folder / f"scattered {number}"
        place.mkdir(parents=True)
        write_scattered(selected_rows(each.pairs, each.matches, each.selection, layout), place, layout.shards)
        scattered += sorted(place.iterdir())
    output = folder / "out"
    output.mkdir()
    source = Scattered(scattered[::-1] if backwards else scattered)
    found = [write_shard(source, number, output, validation=layout.validation > 0) for number in range(layout.shards)]
    rows = [read_table(path, ["id"]).num_rows for path in sorted(output.glob("curated-*"))]
    assert [each.curated for each in found] == rows and all(isinstance(each, Gathered) for each in found)
    return {path.name: path.read_bytes() for path in sorted(output.iterdir())}


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("validation", [0.0, 0.3])
def test_bytes_do_not_depend_on_groups_nor_on_how_rows_were_scattered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expand: bool, validation: float
) -> None:
    layout = Layout(3, validation, expand, SHARDS)
    wanted = shuffled(tmp_path / "one", layout, groups=1)
    assert shuffled(tmp_path / "many", layout, groups=5, backwards=True) == wanted
    monkeypatch.setattr(scatter, "FILE_BYTES", 3_000)
    assert shuffled(tmp_path / "small", layout, groups=2) == wanted
    assert len(wanted) == SHARDS * (2 if validation else 1)


@pytest.mark.parametrize("expand", [False, True])
def test_every_row_is_there_once_in_hash_order(tmp_path: Path, expand: bool) -> None:
    shuffled(tmp_path, Layout(3, 0.0, expand, SHARDS), groups=3)
    paths = sorted((tmp_path / "out").iterdir())
    table = read_table(paths)
    assert table.schema.equals(CURATED)
    ids, held = table.column("id").to_numpy(), np.flatnonzero(COPIES)
    wanted = np.repeat(IDS[held], COPIES[held] if expand else 1)
    assert sorted(ids.tolist()) == sorted(wanted.tolist())
    assert sum(table.column("multiplicity").to_pylist()) == COPIES.sum()
    if not expand:
        order = order_words(ids, np.zeros(len(ids), dtype=np.int64), 3)
        assert (np.diff(order.astype(float)) >= 0).all() and (order[1:] > order[:-1]).all()
    else:
        often = int(IDS[np.argmax(COPIES)])
        assert sum(often in read_table(path).column("id").to_pylist() for path in paths) >= 2
    assert ids.tolist() != sorted(ids.tolist())


def test_no_image_is_on_both_sides(tmp_path: Path) -> None:
    """Rows 2i and 2i + 1 share their image."""
    shuffled(tmp_path, Layout(1, 0.3, True, SHARDS), groups=4)
    sides = [read_table(sorted((tmp_path / "out").glob(f"{name}-*"))) for name in ("curated", "validation")]
    images = [set(image_ids(side).tolist()) for side in sides]
    assert images[0] and images[1] and not images[0] & images[1]
    assert sides[0].num_rows + sides[1].num_rows == COPIES.sum()


@pytest.mark.parametrize("backwards", [False, True])
def test_scores_are_carried_and_are_null_in_rows_of_sources_without_them(tmp_path: Path, backwards: bool) -> None:
    files = write_beside(tmp_path / "in", 3)
    for each, names in zip(files, (["b", "a"], [], ["c"]), strict=True):
        if names:
            pairs = read_table(each.pairs)
            columns = {name: pa.array(np.arange(len(pairs)) / (2 + place)) for place, name in enumerate(names)}
            write_table(each.pairs, Extras(columns).beside(pairs))
    layout, paths = Layout(3, 0.0, False, SHARDS), []
    for number, each in enumerate(files):
        (tmp_path / f"{number}").mkdir()
        write_scattered(selected_rows(each.pairs, each.matches, each.selection, layout), tmp_path / f"{number}", SHARDS)
        paths += sorted((tmp_path / f"{number}").iterdir())
    source = Scattered(paths[::-1] if backwards else paths)
    for number in range(SHARDS):
        write_shard(source, number, tmp_path, validation=False)
    table = read_table(sorted(tmp_path.glob("curated-*")))
    assert table.schema.equals(with_carried(CURATED, Carried(frozenset("abc"))))
    found = dict(zip(table["id"].to_pylist(), table["scores"].to_pylist(), strict=True))
    places = {int(IDS[row]): row for row in np.flatnonzero(COPIES)}
    assert found.keys() == places.keys()
    for id_, row in places.items():
        part, place = divmod(row, 200)
        wanted = [{"a": place / 3, "b": place / 2, "c": None}, None, {"a": None, "b": None, "c": place / 2}][part]
        assert found[id_] == wanted


def test_another_seed_is_another_order(tmp_path: Path) -> None:
    one, other = (shuffled(tmp_path / str(seed), Layout(seed, 0.0, False, 1), groups=1) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize(("shards", "parts"), [(1, 1), (1, 4), (10, 4), (3, 4), (1000, 4)])
def test_parts_share_the_shards_evenly(shards: int, parts: int) -> None:
    stretches = [shards_of_part(shards, part, parts) for part in range(parts)]
    assert [number for stretch in stretches for number in stretch] == list(range(shards))
    sizes = [len(stretch) for stretch in stretches]
    assert max(sizes) - min(sizes) <= 1


def test_a_shard_without_rows_is_an_empty_file(tmp_path: Path) -> None:
    found = shuffled(tmp_path, Layout(3, 0.0, False, 900), groups=1)
    assert len(found) == 900
    empty = [path for path in (tmp_path / "out").iterdir() if read_table(path).num_rows == 0]
    assert empty and read_table(empty[0]).schema.equals(CURATED)
