"""Collection: keeps what is needed and whatever is not surely garbage; removes the rest."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.record.manifest import Manifest
from storage.store.collect import Garbage, find_garbage, remove
from storage.store.store import LOCKS, MANIFEST, RECORDS, SCRATCH, TEMPORARY, Store
from storage.store.workspace import Runtime
from tests.storage.stages import CountConfig, Log, count, parity, total

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def store(runtime: Runtime) -> Store:
    return Store(runtime.store)


def tree(store: Store) -> set[str]:
    return {path.relative_to(store.root).as_posix() for path in store.root.rglob("*")}


def garbage(store: Store, *roots: Manifest, **options: object) -> dict[str, str]:
    found = find_garbage(store, roots, now=LATER, **options)  # type: ignore[arg-type]
    return {item.path.relative_to(store.root).as_posix(): item.kind for item in found.items}


def collect(store: Store, *roots: Manifest) -> Garbage:
    found = find_garbage(store, roots, now=LATER)
    assert remove(store, found) == found.bytes
    return found


def chain(runtime: Runtime, rows: int) -> tuple[Manifest, Manifest, Manifest]:
    numbers = count.run(CountConfig(rows=rows), runtime=runtime)
    odd = parity.run(numbers, Log(), runtime=runtime)
    return numbers, odd, total.run([odd], Log(), runtime=runtime)


def record(store: Store, manifest: Manifest) -> None:
    """A record as Prefect's results leave one."""
    (store.root / RECORDS).mkdir(exist_ok=True)
    (store.root / RECORDS / f"{manifest.stage}-{manifest.key}-0123456789abcdef").write_text("x")


def test_roots_and_what_they_came_from_stay(runtime: Runtime, store: Store) -> None:
    kept = chain(runtime, 10)
    record(store, kept[0])
    before = tree(store)
    other = count.run(CountConfig(rows=3), runtime=runtime)
    record(store, other)
    found = collect(store, kept[-1])
    assert {item.path.name for item in found.items if item.kind == "output"} == {other.key}
    assert [item.kind for item in found.items].count("record") == 1
    assert {manifest.name for manifest in found.kept} == {manifest.name for manifest in kept}
    assert tree(store) - {TEMPORARY, SCRATCH, ".locks"} == before - {TEMPORARY, SCRATCH, ".locks"}
    assert not any(store.damage(manifest, content=True) for manifest in kept)


def test_no_roots_empty_the_store(runtime: Runtime, store: Store) -> None:
    chain(runtime, 10)
    collect(store)
    assert not list(store.manifests()) and not [path for path in store.root.rglob("*") if path.is_file()]


def test_older_equal_of_a_kept_run_goes(runtime: Runtime, store: Store) -> None:
    """After an early cut-off a child names a parent key that is no longer anyone's."""
    first = chain(runtime, 10)
    second = chain(runtime, 6)
    assert first[1].digest == second[1].digest and first[2].key == second[2].key
    found = collect(store, second[2], second[1], second[0])
    assert {item.path.name for item in found.items if item.kind == "output"} == {first[0].key, first[1].key}


def test_finding_removes_nothing(runtime: Runtime, store: Store) -> None:
    chain(runtime, 10)
    before = tree(store)
    assert find_garbage(store, [], now=LATER).items
    assert tree(store) - {".locks"} == before - {".locks"}


def test_what_is_young_stays(runtime: Runtime, store: Store) -> None:
    manifest = count.run(CountConfig(), runtime=runtime)
    found = find_garbage(store, [])
    assert found.items == () and any("changed less than 1:00:00 ago" in line for line in found.left)
    path = store.directory("count", manifest.key)
    assert [item.path for item in find_garbage(store, [], grace=timedelta(0)).items if item.kind == "output"] == [path]


def test_leftovers_of_a_kill(store: Store) -> None:
    key, other = "a" * 32, "b" * 32
    (store.begin(key) / "half").write_text("xxx")
    (store.scratch(key) / "checkpoint").write_text("x")
    (store.scratch(other) / "checkpoint").write_text("x")
    (store.root / RECORDS).mkdir()
    (store.root / RECORDS / f"train-{key}-0123456789abcdef").write_text("x")
    (store.root / RECORDS / ("c" * 32)).write_text("a failure")
    kinds = garbage(store, unfinished=[other])
    assert sorted(kinds.values()) == ["record", "record", "scratch", "temporary"]
    with store.lock(key):
        assert list(garbage(store, unfinished=[other])) == [f"{RECORDS}/{'c' * 32}"]
        everything = find_garbage(store, [], now=LATER)
        assert remove(store, everything) == sum(item.bytes for item in everything.items)
    assert (store.root / SCRATCH / key / "checkpoint").exists()


def test_checkpoints_of_a_finished_run_go_though_its_output_is_kept(runtime: Runtime, store: Store) -> None:
    manifest = count.run(CountConfig(), runtime=runtime)
    (store.scratch(manifest.key) / "checkpoint").write_text("left by a kill")
    found = find_garbage(store, [manifest], unfinished=[manifest.key], now=LATER)
    assert [(item.kind, item.reason) for item in found.items] == [("scratch", "checkpoints of a run that is finished")]
    remove(store, found)
    assert store.find("count", manifest.key) and not list((store.root / SCRATCH).iterdir())


def test_checkpoints_of_an_output_that_is_computed_again_stay(runtime: Runtime, store: Store) -> None:
    manifest = count.run(CountConfig(), runtime=runtime)
    (store.directory("count", manifest.key) / manifest.files[0].path).unlink()  # a run was at work on it, and killed
    (store.scratch(manifest.key) / "checkpoint").write_text("half way")
    found = find_garbage(store, [], unfinished=[manifest.key], now=LATER)
    assert "scratch" not in [item.kind for item in found.items]


def test_locks_of_killed_runs_go_and_held_ones_stay(store: Store) -> None:
    left, held = "a" * 32, "b" * 32
    with store.lock(held):
        (store.root / LOCKS / left).write_text("process 1 of nobody on nowhere")
        remove(store, find_garbage(store, [], now=LATER))
        assert [path.name for path in (store.root / LOCKS).iterdir()] == [held]


def test_run_that_starts_after_the_finding_is_passed_over(runtime: Runtime, store: Store) -> None:
    manifest = count.run(CountConfig(), runtime=runtime)
    found = find_garbage(store, [], now=LATER)
    with store.lock(manifest.key):
        assert remove(store, found) == 0
    assert store.find("count", manifest.key) == manifest


def test_lost_and_garbled_manifests(runtime: Runtime, store: Store) -> None:
    kept, lost, garbled = (count.run(CountConfig(rows=rows), runtime=runtime) for rows in (1, 2, 3))
    (store.directory("count", lost.key) / MANIFEST).unlink()
    (store.directory("count", garbled.key) / MANIFEST).write_text("{")
    kinds = garbage(store, kept)
    assert {name for name, kind in kinds.items() if kind == "damaged"} == {f"count/{lost.key}", f"count/{garbled.key}"}


def test_foreign_folders_are_never_named(runtime: Runtime, store: Store) -> None:
    """A store set to a folder of other things by mistake."""
    for name in ("Documents/letters", f"cache/{'0' * 32}", "count/backup", f"count/{'A' * 32}"):
        (store.root / name).mkdir(parents=True)
        (store.root / name / "mine").write_text("mine")
    count.run(CountConfig(), runtime=runtime)
    kinds = garbage(store)
    assert [name.partition("/")[0] for name in kinds if not name.startswith(".")] == ["count"]
    assert len(kinds) == 1


def test_links_are_not_followed(runtime: Runtime, store: Store, tmp_path: Path) -> None:
    inside = count.run(CountConfig(), runtime=runtime)
    outside = tmp_path / "outside"
    (outside / "stage").mkdir(parents=True)
    store.directory("count", inside.key).rename(outside / inside.key)
    (store.root / "count" / inside.key).symlink_to(outside / inside.key)
    parity_of = parity.run(count.run(CountConfig(), runtime=runtime), Log(), runtime=runtime)
    (store.root / "parity").rename(outside / "parity")
    (store.root / "parity").symlink_to(outside / "parity")
    (store.root / TEMPORARY / "link").symlink_to(outside)
    found = collect(store)
    assert not found.items and len(found.left) == 3
    assert (outside / inside.key / MANIFEST).exists()
    assert (outside / "parity" / parity_of.key / MANIFEST).exists()


def test_links_inside_an_output_go_alone(runtime: Runtime, store: Store, tmp_path: Path) -> None:
    manifest = count.run(CountConfig(), runtime=runtime)
    (tmp_path / "precious").write_text("x" * 10_000)
    (store.directory("count", manifest.key) / "link").symlink_to(tmp_path / "precious")
    (store.directory("count", manifest.key) / "folder").symlink_to(tmp_path)
    assert collect(store).bytes < 10_000
    assert (tmp_path / "precious").exists()


def test_no_store_yet(tmp_path: Path) -> None:
    assert find_garbage(Store(tmp_path / "none"), []).items == ()
    assert not (tmp_path / "none").exists()
