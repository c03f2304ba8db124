"""Publishing: whole or not at all, whatever is killed, races or rots."""

import json
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import JsonValue

from storage.errors import InputError, StoreError
from storage.record.external import external
from storage.record.keys import key_parts
from storage.record.manifest import External, FileRef, Manifest, content_digest
from storage.store import publish
from storage.store.store import LOCKS, MANIFEST, SCRATCH, TEMPORARY, Store, describe_files
from storage.store.workspace import Runtime, Workspace
from tests.paths import ROOT
from tests.storage.processes import KEY, compute, compute_together, publish_text, publish_together
from tests.storage.stages import CountConfig, Log, count, total

SPAWN = get_context("spawn")


def together(function: Callable[..., None], *arguments: tuple[object, ...]) -> None:
    """Run `function` in two processes that start it at the same moment."""
    barrier = SPAWN.Barrier(2)
    processes = [SPAWN.Process(target=function, args=(barrier, *own)) for own in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]


def is_clean(store: Store) -> bool:
    """Nothing temporary, no locks, no checkpoints."""
    return not any(list((store.root / name).glob("*")) for name in (TEMPORARY, LOCKS, SCRATCH))


def test_published_output_is_found_and_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = publish_text(store, "a")
    assert store.find("write", KEY) == manifest and store.damage(manifest, content=True) == ()
    assert [found.name for found in store.manifests()] == [manifest.name]
    assert is_clean(store)


@pytest.mark.parametrize("harm", ["unlink", "truncate", "unlink manifest", "garble manifest", "empty manifest"])
def test_damaged_output_is_not_found_and_is_replaced(tmp_path: Path, harm: str) -> None:
    store = Store(tmp_path)
    publish_text(store, "old")
    directory = store.directory("write", KEY)
    match harm:
        case "unlink":
            (directory / "value.txt").unlink()
        case "truncate":
            (directory / "value.txt").write_text("")
        case "unlink manifest":
            (directory / MANIFEST).unlink()
        case "garble manifest":
            (directory / MANIFEST).write_bytes(b"\xff{")
        case "empty manifest":
            (directory / MANIFEST).write_bytes(b"")
    assert store.find("write", KEY) is None
    publish_text(store, "new")
    assert (directory / "value.txt").read_text() == "new"
    assert is_clean(store)


def test_first_of_two_publications_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = publish_text(store, "first")
    publish_text(store, "second")
    assert store.find("write", KEY) == first and is_clean(store)


def test_altered_content_needs_the_hash(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = publish_text(store, "abc")
    (store.directory("write", KEY) / "value.txt").write_text("abd")
    assert store.damage(manifest) == ()
    assert "was altered" in store.damage(manifest, content=True)[0]


@pytest.mark.parametrize(
    "change",
    [
        ('"digest": "', '"digest": "0'),
        ('"bytes": 3', '"bytes": 4'),
        ('"path": "value.txt"', '"path": "other.txt"'),
        ('"seal": "', '"seal": "0'),
        ('"stats": {}', '"stats": {"rows": 1}'),
        ('"seconds": 0.0', '"seconds": 1.0'),
    ],
)
def test_an_altered_manifest_is_not_believed(tmp_path: Path, change: tuple[str, str]) -> None:
    store = Store(tmp_path)
    publish_text(store, "abc")
    path = store.directory("write", KEY) / MANIFEST
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    assert store.read("write", KEY) is None and store.find("write", KEY) is None
    assert store.find("write", publish_text(store, "abd").key) is not None


def test_a_manifest_may_be_laid_out_otherwise(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = publish_text(store, "abc")
    path = store.directory("write", KEY) / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert store.find("write", KEY) == manifest


def test_a_stranger_in_an_output_is_not_read(runtime: Runtime) -> None:
    numbers = count.run(CountConfig(rows=10), runtime=runtime)
    folder = Store(runtime.store).directory("count", numbers.key)
    shutil.copy(folder / "numbers-00000.parquet", folder / "numbers-00007.parquet")
    summed = total.run([numbers], Log(), runtime=runtime)
    assert summed.stats["total"] == sum(range(10))


def test_a_flipped_bit_is_not_read(runtime: Runtime) -> None:
    numbers = count.run(CountConfig(rows=10), runtime=runtime)
    path = Store(runtime.store).directory("count", numbers.key) / "numbers-00001.parquet"
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(0).column(0)
        place = column.data_page_offset + column.total_compressed_size - 3
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"numbers-00001.parquet was altered.*equipoise verify CONFIG --discard"):
        total.run([numbers], Log(), runtime=runtime)
    assert not (runtime.store / "total").exists()


def test_altered_files_that_are_no_parquet_are_not_handed_out(runtime: Runtime, tmp_path: Path) -> None:
    store = Store(runtime.store)
    manifest = publish_text(store, "abc")
    work = Workspace("later", "1" * 32, tmp_path, runtime)
    assert work.path(manifest, "value.txt").read_text() == "abc"
    work.path(manifest, "value.txt").write_text("abd")
    for ask in (lambda: work.path(manifest, "value.txt"), lambda: work.paths(manifest, "*.txt")):
        with pytest.raises(StoreError, match=r"value.txt was altered since it was written"):
            ask()


def test_a_source_that_changes_while_it_is_read_is_not_published(runtime: Runtime, tmp_path: Path) -> None:
    source = tmp_path / "source.txt"
    source.write_text("one")

    def read(text: External, *, work: Workspace) -> Mapping[str, JsonValue]:
        source.write_text("two")
        (work.output / "copy.txt").write_text(text.local.read_text())
        return {}

    given = external(source, runtime.store)
    parts = key_parts("read", 1, "code", {"text": given})
    with pytest.raises(InputError, match=r"source.txt changed while it was being read"):
        publish.compute(read, parts, {"text": given}, runtime)
    assert not (runtime.store / "read").exists() and is_clean(Store(runtime.store))


def test_folders_have_the_permissions_of_the_store(tmp_path: Path) -> None:
    """So that a store that a group may write to is one that all its users can publish in."""
    store = Store(tmp_path / "store")
    store.root.mkdir()
    store.root.chmod(0o2775)
    publish_text(store, "a")
    with store.lock(KEY):
        made = [store.root / "write", store.root / LOCKS, store.root / TEMPORARY]
        assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o2775] * 3


def test_copy_under_another_name_is_no_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish_text(store, "a")
    store.directory("write", KEY).rename(tmp_path / "write" / "backup")
    assert list(store.manifests()) == []


def test_nested_manifest_is_a_file_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / MANIFEST).write_text("{}")
    (tmp_path / MANIFEST).write_text("{}")
    assert [file.path for file in describe_files(tmp_path)] == [f"inner/{MANIFEST}"]


def test_links_cannot_be_published(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match="symbolic link: link"):
        describe_files(tmp_path)


def test_processes_publish_one_key_at_once(tmp_path: Path) -> None:
    together(publish_together, (tmp_path, "one"), (tmp_path, "two"))
    store = Store(tmp_path)
    found = store.find("write", KEY)
    assert found is not None and store.damage(found, content=True) == ()
    assert is_clean(store)


def test_threads_publish_one_damaged_key_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for _ in range(10):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda text: publish_text(store, text), "abcd"))
        found = store.find("write", KEY)
        assert found is not None and store.damage(found, content=True) == ()
        for path in store.directory("write", KEY).iterdir():
            path.unlink()
        store.directory("write", KEY).rmdir()


def test_processes_compute_one_key_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    together(compute_together, (tmp_path / "store", log), (tmp_path / "store", log))
    assert log.read_text() == "ran\n"
    assert is_clean(Store(tmp_path / "store"))


@pytest.mark.parametrize("place", ["written", "synced", "published"])
def test_kill_leaves_nothing_half_written(tmp_path: Path, place: str) -> None:
    store, log = Store(tmp_path / "store"), tmp_path / "log"
    done = subprocess.run(
        [sys.executable, "-m", "tests.storage.processes", place, store.root, log],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    published = list(store.root.glob("rows/*"))
    assert len(published) == (place == "published")
    assert all(store.find("rows", path.name) for path in published)
    (scratch,) = (store.root / SCRATCH).iterdir()
    assert (scratch / "checkpoint").read_text() == "half way"
    manifest = compute(store.root, log)
    assert scratch.name == manifest.key
    assert log.read_text() == ("ran\n" if place == "published" else "ran\nran\n")
    assert store.damage(manifest, content=True) == ()
    assert not list((store.root / SCRATCH).iterdir())  # of a finished run nothing is gone on with


def test_error_leaves_nothing_half_written(runtime: Runtime) -> None:
    empty = count.run(CountConfig(rows=0), runtime=runtime)
    with pytest.raises(InputError, match="no rows"):
        total.run([empty], Log(), runtime=runtime)
    assert not (runtime.store / "total").exists() and is_clean(Store(runtime.store))


def test_scratch_survives_an_error_and_goes_after_success(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.scratch(KEY) / "checkpoint").write_text("1")
    assert (store.scratch(KEY) / "checkpoint").read_text() == "1"
    publish_text(store, "a")
    assert is_clean(store)


def test_stage_may_not_write_the_manifest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    output = store.begin(KEY)
    (output / MANIFEST).write_text("{}")
    manifest = Manifest(stage="write", key=KEY, digest="", files=(), code="", created=datetime.now(UTC))
    with pytest.raises(ValueError, match="keeps for itself"):
        store.publish(output, manifest)


def test_digest_is_content_in_order() -> None:
    one, two = (FileRef(path=name, bytes=1, hash=f"xxh3:{name}") for name in "ab")
    assert content_digest("s", (one, two)) != content_digest("s", (two, one))
    assert content_digest("s", (one,)) != content_digest("t", (one,))
    assert content_digest("s", (one,)) == content_digest("s", (one.model_copy(update={"rows": 7}),))
