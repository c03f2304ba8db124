"""Curated shards: complete, in hash order, copies spread, splits by image, takedown equal to a rebuild."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from storage.tables.schemas import CURATED, PAIRS
from storage.tables.shards import ShardWriter, read_table
from tasks.balancing.config import CalibrateConfig, CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.explain import explain_balancing
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.explain import explain_selection
from tasks.resampling.shards.shuffle import Shuffle
from tasks.resampling.shards.splits import image_ids
from tasks.resampling.takedown import repair_counts, without
from tasks.resampling.task import curate, select
from tests.tasks.resampling.builders import World, build, keyword_lists, world_ids

RAKE = RakeConfig(target=CappedTarget(t=10))


def run(
    store: Path, world: World, curation: CurateConfig, method: object = RAKE, size: int = 600
) -> dict[str, Manifest]:
    pairs, matches, entries = build(world, store)
    runtime = Runtime(store=store)
    balanced = balance.run(method, entries, [matches], runtime=runtime)
    selected = select.run(ResamplingConfig(size=size, seed=1), balanced, [matches], runtime=runtime)
    curated = curate.run(curation, selected, [pairs], [matches], runtime=runtime)
    return {"pairs": pairs, "matches": matches, "balance": balanced, "select": selected, "curate": curated}


def files(store: Path, manifest: Manifest, pattern: str) -> list[Path]:
    return sorted((store / manifest.stage / manifest.key).glob(pattern))


def test_expanded_copies_are_all_there_and_spread(tmp_path: Path) -> None:
    found = run(tmp_path, World(), CurateConfig(expand=True, rows_per_shard=60))
    shards = files(tmp_path, found["curate"], "curated-*.parquet")
    table = read_table(shards)
    selection = read_table(files(tmp_path, found["select"], "selection.parquet"))
    wanted = dict(zip(*(selection.column(name).to_pylist() for name in ("id", "multiplicity"))))
    held: dict[int, int] = {}
    for id_ in table.column("id").to_pylist():
        held[id_] = held.get(id_, 0) + 1
    assert held == wanted and set(table.column("multiplicity").to_pylist()) == {1}
    most = max(wanted, key=wanted.__getitem__)
    assert wanted[most] >= 3
    inside = sum(most in read_table([shard]).column("id").to_pylist() for shard in shards)
    assert inside >= 2


def test_one_row_a_caption_with_its_multiplicity(tmp_path: Path) -> None:
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=60))
    table = read_table(files(tmp_path, found["curate"], "curated-*.parquet"))
    assert table.schema.equals(CURATED)
    assert table.column("id").to_pylist() != sorted(table.column("id").to_pylist())
    assert sum(table.column("multiplicity").to_pylist()) == found["select"].stats["size"]


def test_no_image_is_on_both_sides(tmp_path: Path) -> None:
    """Rows 2i and 2i + 1 of the test world share their image's bytes."""
    found = run(tmp_path, World(), CurateConfig(validation=0.3, rows_per_shard=1000))
    sides = [read_table(files(tmp_path, found["curate"], f"{name}-*.parquet")) for name in ("curated", "validation")]
    images = [set(image_ids(side).tolist()) for side in sides]
    assert images[0] and images[1] and not images[0] & images[1]
    share = sides[1].num_rows / (sides[0].num_rows + sides[1].num_rows)
    assert 0.15 < share < 0.45
    assert sides[0].num_rows + sides[1].num_rows == found["select"].stats["distinct"]


def test_image_identity_is_bytes_then_path_then_row() -> None:
    rows = [
        {"id": 1, "image": {"bytes": b"a", "path": "x"}},
        {"id": 2, "image": {"bytes": b"a", "path": "y"}},
        {"id": 3, "image": {"bytes": None, "path": "x"}},
        {"id": 4, "image": {"bytes": None, "path": "x"}},
        {"id": 5, "image": None},
    ]
    full = [{"key": "k", "caption": "", "label": None, "source": "s", **row} for row in rows]
    found = image_ids(pa.Table.from_pylist(full, schema=PAIRS))
    assert found[0] == found[1] and found[2] == found[3] and found[4] == 5 and len(set(found.tolist())) == 3


@pytest.mark.parametrize("buckets", [1, 4])
def test_buckets_do_not_change_the_order(tmp_path: Path, buckets: int) -> None:
    generator = np.random.default_rng(0)
    order = generator.integers(0, 2**63, size=300).astype(np.uint64) * np.uint64(2)
    rows = pa.table({"id": pa.array(np.arange(300, dtype=np.uint64))})
    shuffle = Shuffle(tmp_path / "buckets", rows.schema, buckets)
    for start in range(0, 300, 77):
        shuffle.add(rows.slice(start, 77), order[start : start + 77])
    with ShardWriter(tmp_path, "out", rows.schema) as writer:
        shuffle.write(writer)
    ids = read_table(writer.paths).column("id").to_numpy()
    np.testing.assert_array_equal(ids, np.argsort(order, kind="stable"))


@pytest.mark.parametrize(
    "method", [RAKE, ThresholdConfig(t=4.0), CalibrateConfig(target=CappedTarget(t=8), cap=2.0)], ids=lambda m: m.method
)
def test_takedown_equals_a_rebuild_without_the_ids(tmp_path: Path, method: object) -> None:
    gone = tuple(int(i) for i in world_ids(World())[[3, 50, 51, 200, 399]])
    digests = []
    for name, world, tombstones in (("list", World(), gone), ("rebuilt", World(without=gone), ())):
        store = tmp_path / name
        config = method.model_copy(update={"takedown": tombstones})
        found = run(store, world, CurateConfig(), config, size=200)
        weights = read_table(files(store, found["balance"], "weights-*.parquet"))
        digests.append((weights.column("weight").to_pylist(), found["select"].digest, found["curate"].digest))
        assert not set(gone) & set(weights.column("id").to_pylist())
    assert digests[0] == digests[1]


def test_counts_are_repaired_by_subtraction(tmp_path: Path) -> None:
    _, matches, _ = build(World(shards=3), tmp_path)
    shards = files(tmp_path, matches, "matches-*.parquet")
    counts = np.bincount([j for row in keyword_lists(World()) for j in row], minlength=30)
    ids = world_ids(World())
    gone = np.append(ids[[0, 7, 311]], np.uint64(12345))
    found = repair_counts(counts, shards, gone)
    rebuilt = [row for i, row in enumerate(keyword_lists(World())) if i not in (0, 7, 311)]
    np.testing.assert_array_equal(found.counts, np.bincount([j for row in rebuilt for j in row], minlength=30))
    assert found.unknown.tolist() == [12345] and len(found.removed) == 3
    left = sum(batch.num_rows for batch in without(shards, gone))
    assert left == 397
    with pytest.raises(InputError, match="count of -1"):
        repair_counts(np.where(counts > 0, 0, 0), shards, ids[:1] if keyword_lists(World())[0] else ids[:50])


def test_out_of_core_selects_the_same_captions(tmp_path: Path) -> None:
    selections = []
    for out_of_core in (False, True):
        method = RakeConfig(target=CappedTarget(t=10), steps=6, out_of_core=out_of_core, takedown=(1,))
        found = run(tmp_path, World(shards=4), CurateConfig(), method)
        selections.append(read_table(files(tmp_path, found["select"], "selection.parquet")))
        assert found["balance"].stats["matched"] + found["balance"].stats["unmatched"] == 400
    for name in ("id", "multiplicity"):
        assert selections[0].column(name).to_pylist() == selections[1].column(name).to_pylist()
    np.testing.assert_allclose(*(table.column("weight").to_numpy() for table in selections), rtol=1e-12)


def test_stories_of_kept_dropped_and_unmatched_captions(tmp_path: Path) -> None:
    method = RakeConfig(target=CappedTarget(t=10), steps=("y", "x", "y"), initial="pairs")
    found = run(tmp_path, World(), CurateConfig(rows_per_shard=100), method, size=100)
    shards = files(tmp_path, found["matches"], "matches-*.parquet")
    weights = files(tmp_path, found["balance"], "weights-*.parquet")
    selection = files(tmp_path, found["select"], "selection.parquet")[0]
    kept = read_table([selection]).column("id").to_pylist()
    curated = files(tmp_path, found["curate"], "curated-*.parquet")

    def stories(id_: int):
        return (
            explain_balancing(
                id_,
                balanced=weights[0].parent,
                stats=found["balance"].stats,
                matches=shards,
                entries=selection.parent / "entries.parquet",
            ),
            explain_selection(
                id_, weights=weights, selection=selection, stats=found["select"].stats, seed=1, curated=curated
            ),
        )

    lists = dict(zip(world_ids(World()).tolist(), keyword_lists(World())))
    for id_, entries in lists.items():
        if id_ == list(lists)[40]:
            break
        balancing, chosen = stories(id_)
        assert [keyword.entry for keyword in balancing.keywords] == entries
        if not entries:
            assert "no keyword" in balancing.dropped and "no weight" in chosen.dropped
            continue
        assert [step.side for step in balancing.steps] == ["start", "y", "x", "y"]
        assert balancing.steps[-1].weight == pytest.approx(balancing.weight, rel=1e-12)
        assert balancing.keywords[0].realised is not None
        assert (chosen.multiplicity > 0) == (id_ in kept)
        whole = int(np.floor(chosen.expected_copies))
        assert chosen.multiplicity == whole + (chosen.draw < chosen.expected_copies - whole)
        if chosen.multiplicity:
            shard = next(path for path in curated if path.name == chosen.shard)
            assert read_table([shard]).column("id")[chosen.row].as_py() == id_ and chosen.dropped is None
        else:
            assert chosen.dropped.startswith("not drawn")
    assert "never ingested" in stories(99)[0].dropped
