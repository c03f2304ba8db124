"""What lies at a place: the same answers for a folder, a web server and an object store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from storage.errors import InputError
from storage.places import retry
from storage.places.ask import is_dir, is_file, matching, state
from storage.places.place import Place, place
from tests.servers import serve

FILES = {"a.tar": b"1", "sub/b c.tar": b"22", "sub/d.txt": b"333", "sub/deep/e.tar": b""}


def write(root: Place) -> None:
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


@pytest.fixture(params=["folder", "http", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        memory = UPath(f"memory://{tmp_path.name}")
        write(memory)
        yield memory
        return
    write(tmp_path)
    if request.param == "folder":
        yield tmp_path
        return
    with serve(tmp_path) as server:
        yield place(f"{server.url}/")


def test_kinds(root: Place) -> None:
    assert is_dir(root) and is_dir(root / "sub") and not is_dir(root / "a.tar") and not is_dir(root / "none")
    assert is_file(root / "a.tar") and not is_file(root / "sub") and not is_file(root / "none.tar")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.tar", ["a.tar"]),
        ("**/*.tar", ["a.tar", "sub/b c.tar", "sub/deep/e.tar"]),
        ("*/*.tar", ["sub/b c.tar"]),
        ("sub/[bd]*", ["sub/b c.tar", "sub/d.txt"]),
        ("*.csv", []),
    ],
)
def test_matching_files(root: Place, pattern: str, expected: list[str]) -> None:
    assert matching(root, pattern) == expected


def test_state(root: Place) -> None:
    found = state(root / "sub/b c.tar")
    assert found.size == 2 and found.mark
    assert state(root / "sub/b c.tar") == found
    with pytest.raises(FileNotFoundError):
        state(root / "none")


def test_a_change_is_seen(tmp_path: Path) -> None:
    write(tmp_path)
    with serve(tmp_path) as server:
        before = state(place(f"{server.url}/a.tar"))
        os.utime(tmp_path / "a.tar", (1, 1))
        assert state(place(f"{server.url}/a.tar")) != before
        server.silent = {"Last-Modified"}
        assert state(place(f"{server.url}/a.tar")).mark is None


def test_who_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(retry, "PAUSES", [0.0])
    with serve(tmp_path) as server:
        url = server.url
    with pytest.raises(InputError, match=r"cannot be read .* tried 2 times"):
        is_file(place(f"{url}/a.tar"))
