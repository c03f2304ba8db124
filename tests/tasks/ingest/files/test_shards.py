"""Which files a path, a folder or a pattern names."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from storage.errors import InputError
from storage.places.place import Place, place, whole_address
from tasks.ingest.files import shards
from tasks.ingest.files.shards import shard_files, split_pattern

NAMES = ("0.tar", "1.tar", "2.tar", "sub/0.tar", "sub/x.txt", "odd[1].tar")


@pytest.fixture(params=["folder", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    folder: Place = tmp_path if request.param == "folder" else UPath(f"memory://{tmp_path.name}")
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    yield folder


@pytest.mark.parametrize(
    ("below", "pattern", "names"),
    [
        ("", "**/*.tar", ("0.tar", "1.tar", "2.tar", "odd[1].tar", "sub/0.tar")),
        ("", "{1,0}.tar", ("1.tar", "0.tar")),
        ("/1.tar", "**/*.tar", ("1.tar",)),
        ("/*.tar", "", ("0.tar", "1.tar", "2.tar", "odd[1].tar")),
        ("/{0..2}.tar", "", ("0.tar", "1.tar", "2.tar")),
        ("/{0,sub/0}.tar", "", ("0.tar", "sub/0.tar")),
        ("/{0..1}*", "", ("0.tar", "1.tar")),
        ("/*/*.tar", "", ("sub/0.tar",)),
        ("/sub/{8..9}.tar", "", ("8.tar", "9.tar")),
    ],
)
def test_files(root: Place, below: str, pattern: str, names: tuple[str, ...]) -> None:
    folder, found = shard_files(place(f"{root}{below}"), pattern, "w")
    assert found == names
    assert str(folder / found[0]).endswith(names[0])


def test_a_path_that_is_there_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "{a,b}[1].tar").touch()
    assert shard_files(tmp_path / "{a,b}[1].tar", "", "w")[1] == ("{a,b}[1].tar",)


def test_a_query_is_no_pattern() -> None:
    signed = place("http://host/a.tar?signature=1")
    assert split_pattern(signed) == (signed, None)
    folder, inner = split_pattern(place("http://host/d/{0..3}.tar?signature=1"))
    assert (str(folder), inner) == ("http://host/d", "{0..3}.tar")
    assert whole_address(folder / "0.tar") == "http://host/d/0.tar?signature=1"
    folder, inner = split_pattern(place("http://host/d/{0..3}.tar?version=1"))
    assert (str(folder), inner) == ("http://host/d", "{0..3}.tar?version=1")


@pytest.mark.parametrize(
    ("below", "said"),
    [
        ("/none.tar", "does not exist"),
        ("/*.csv", r"no file in .* matches '\*\.csv'"),
        ("/{0,1*.tar", "a brace too many or too few"),
        ("/{0..999}.tar", "more than 100 files"),
    ],
)
def test_nothing_is_said(monkeypatch: pytest.MonkeyPatch, root: Place, below: str, said: str) -> None:
    monkeypatch.setattr(shards, "MOST_FILES", 100)
    with pytest.raises(InputError, match=said):
        shard_files(place(f"{root}{below}"), "**/*.tar", "w")
