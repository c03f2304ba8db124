"""Fingerprints of sources: changes are noticed, unchanged content is not read twice."""

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.atomic import write_whole
from storage.errors import InputError
from storage.hashing import hash_file
from storage.places.place import place
from storage.record import external as module
from storage.record.external import external, externals, require_unchanged
from tests.servers import Server, serve

OLD = time.time() - 3600


def write(path: Path, text: str, when: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (when, when))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "data" / "b" / "2.txt", "two")
    write(tmp_path / "data" / "a.txt", "one")
    return tmp_path / "data"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose content is read."""
    seen: list[str] = []

    def hash_and_note(path: Path) -> str:
        seen.append(path.name)
        return hash_file(path)

    monkeypatch.setattr(module, "hash_file", hash_and_note)
    monkeypatch.setattr(module, "_SETTLED_NS", 0)  # these files are seconds old: the kernel's time cannot be put back
    return seen


def test_content_is_read_once(folder: Path, tmp_path: Path, read: list[str]) -> None:
    first = external(folder, tmp_path / "store")
    assert external(folder, tmp_path / "store") == first
    assert sorted(read) == ["2.txt", "a.txt"]


def test_folder_by_names_and_content(folder: Path, tmp_path: Path) -> None:
    def taken() -> str:
        return external(folder, tmp_path / "store").fingerprint

    before = taken()
    (folder / "a.txt").rename(folder / "c.txt")
    assert taken() != before
    (folder / "c.txt").rename(folder / "a.txt")
    assert taken() == before
    write(folder / "b" / "3.txt", "")
    assert taken() != before
    (folder / "b" / "3.txt").unlink()
    write(folder / "a.txt", "uno", OLD + 1)
    assert taken() != before
    write(folder / "a.txt", "longer", OLD + 2)
    assert taken() != before


def test_place_does_not_count(folder: Path, tmp_path: Path) -> None:
    before = external(folder, tmp_path / "store").fingerprint
    folder.rename(tmp_path / "moved")
    assert external(tmp_path / "moved", tmp_path / "store").fingerprint == before


def test_fresh_file_is_not_trusted_to_its_time(tmp_path: Path) -> None:
    """Two writes within one tick of the clock leave the same size and modification time."""
    file = write(tmp_path / "x", "one", when := time.time())
    before = external(file, tmp_path / "store").fingerprint
    write(file, "two", when)
    assert external(file, tmp_path / "store").fingerprint != before


def test_a_time_that_was_put_back_hides_nothing(tmp_path: Path, read: list[str]) -> None:
    """`cp -p`, `rsync -t` and archives put the time of modification back, on files of equal size."""
    file = write(tmp_path / "x", "one")
    before = external(file, tmp_path / "store").fingerprint
    assert external(file, tmp_path / "store").fingerprint == before and read == ["x"]
    write(file, "two")
    assert external(file, tmp_path / "store").fingerprint != before


def test_a_clock_in_the_past_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "x", "one", time.time())
    monkeypatch.setattr(module.time, "time_ns", lambda: 0)
    before = external(file, tmp_path / "store").fingerprint
    write(file, "two", time.time())
    assert external(file, tmp_path / "store").fingerprint != before


def test_what_was_read_must_be_what_was_fingerprinted(folder: Path, tmp_path: Path) -> None:
    read = external(folder, tmp_path / "store")
    require_unchanged([read], tmp_path / "store")
    write(folder / "a.txt", "uno")
    with pytest.raises(InputError, match="data changed while it was being read, so nothing of it is kept"):
        require_unchanged([read], tmp_path / "store")
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="changed while it was being read"):
        require_unchanged([read], tmp_path / "store")


def test_links_are_followed_and_loops_end(folder: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "x.txt", "x")
    (folder / "linked").symlink_to(outside.parent)
    (folder / "file").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "broken").symlink_to(tmp_path / "nowhere")
    before = external(folder, tmp_path / "store").fingerprint
    write(outside, "y", OLD + 5)
    assert external(folder, tmp_path / "store").fingerprint != before


def test_threads_share_the_memo(tmp_path: Path, read: list[str]) -> None:
    files = [write(tmp_path / "data" / f"{index}.txt", str(index)) for index in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda file: external(file, tmp_path / "store"), files))
    read.clear()
    assert [external(file, tmp_path / "store") for file in files] == found
    assert read == []
    assert [path.name for path in (tmp_path / "store").iterdir()] == [module.MEMO]


def test_the_memo_is_written_once_for_many_and_now_and_then_while_they_are_read(
    tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(tmp_path / "data" / f"{index}.txt", str(index)) for index in range(24)]
    written: list[int] = []

    def write_and_note(path: Path, content: str) -> None:
        written.append(len(read))
        write_whole(path, content)

    monkeypatch.setattr(module, "write_whole", write_and_note)
    found = externals(files, tmp_path / "one")
    assert written == [24]
    require_unchanged(found, tmp_path / "one")
    assert written == [24] and len(read) == 24
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def slow(path: Path) -> str:
        nonlocal now
        if path.name == "12.txt":
            raise KeyboardInterrupt
        now += 4.0
        return hash_file(path)

    monkeypatch.setattr(module, "hash_file", slow)
    written.clear()
    with pytest.raises(KeyboardInterrupt):
        externals(files, tmp_path / "two")
    assert len(written) == 4  # after every third file: more than ten seconds
    monkeypatch.setattr(module, "hash_file", lambda path: read.append(path.name) or hash_file(path))
    read.clear()
    assert externals(files, tmp_path / "two") == found
    assert len(read) == 12


@pytest.mark.parametrize("memo", ["", "{", "[]", "\x00"])
def test_damaged_memo_is_forgotten(folder: Path, tmp_path: Path, memo: str) -> None:
    write(tmp_path / "store" / module.MEMO, memo)
    assert external(folder, tmp_path / "store") == external(folder, tmp_path / "other")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist; check the path"):
        external(tmp_path / "nowhere", tmp_path / "store")


@pytest.fixture
def served(folder: Path) -> Iterator[Server]:
    with serve(folder) as server:
        yield server


def remote(server: Server, name: str, store: Path) -> str:
    return external(place(f"{server.url}/{name}"), store).fingerprint


def test_a_url_is_told_by_size_and_mark_and_not_read(served: Server, folder: Path, tmp_path: Path) -> None:
    before = [remote(served, name, tmp_path) for name in ("a.txt", "b/2.txt", "")]
    assert [remote(served, name, tmp_path) for name in ("a.txt", "b/2.txt", "")] == before
    assert len(set(before)) == 3
    assert served.seen == []
    write(folder / "a.txt", "one", OLD + 10)
    after = [remote(served, name, tmp_path) for name in ("a.txt", "b/2.txt", "")]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, False]


def test_a_url_without_a_mark_is_read_and_that_is_said(
    served: Server, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served.silent = {"Last-Modified"}
    before = remote(served, "a.txt", tmp_path)
    assert [name for name, _ in served.seen] == ["a.txt"]
    assert "gives neither ETag nor Last-Modified" in caplog.text
    write(folder / "a.txt", "two", OLD)
    assert remote(served, "a.txt", tmp_path) != before


def test_several_at_once_keep_their_order(served: Server, folder: Path, tmp_path: Path) -> None:
    places = [place(f"{served.url}/a.txt"), folder / "a.txt", place(f"{served.url}/b/2.txt")]
    found = externals(places, tmp_path)
    assert found == [external(each, tmp_path) for each in places]
    assert found[1].local == folder / "a.txt"
    with pytest.raises(InputError, match="from this machine only"):
        _ = found[0].local


def test_nothing_at_a_url(served: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is nothing at http"):
        remote(served, "none.txt", tmp_path)
