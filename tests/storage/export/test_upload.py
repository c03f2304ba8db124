"""An export delivered to a URL: whole, never over another, and going on where it stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from upath import UPath

from storage.errors import InputError
from storage.export.forms.webdataset import write_webdataset
from storage.export.record import RECORD
from storage.export.upload import BEGUN, deliver
from storage.places import retry
from storage.places.place import place
from tests.storage.export.curated import curated, row


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", [0.0] * 2)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[UPath]:
    found = place(f"memory://{tmp_path.name}/out")
    assert isinstance(found, UPath)
    yield found
    found.fs.store.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_webdataset(
        curated(tmp_path / "in", [row(number) for number in range(9)]), tmp_path / "a", samples_per_shard=4
    )
    return tmp_path / "a"


def names(folder: Path | UPath) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix() if isinstance(folder, Path) else path.path.rpartition("/")[2]:
            path.read_bytes() for path in found}  # fmt: skip


def test_every_file_arrives_and_is_sent_once(folder: Path, target: UPath) -> None:
    told: list[int] = []
    files = len(names(folder))
    assert deliver(folder, target, lambda rows, size: told.append(size)) == files
    assert names(target) == names(folder)
    assert sum(told) == sum(map(len, names(folder).values()))
    assert deliver(folder, target) == 0


def test_a_delivery_that_stopped_goes_on(folder: Path, target: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    put = target.fs.put_file

    def failing(local: str, remote: str, **options: object) -> None:
        if len(sent) == 3:
            raise ConnectionError("gone")
        sent.append(remote)
        put(local, remote, **options)

    with monkeypatch.context() as patch:
        patch.setattr(target.fs, "put_file", failing)
        with pytest.raises(InputError, match="could not be written; what was sent before stays there"):
            deliver(folder, target)
    assert BEGUN in names(target) and RECORD not in names(target)
    assert deliver(folder, target) == len(names(folder)) - 3
    assert names(target) == names(folder)


def test_one_lost_connection_is_no_error(folder: Path, target: UPath, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([ConnectionError("once")])
    put = target.fs.put_file

    def shaky(local: str, remote: str, **options: object) -> None:
        if error := next(failures, None):
            raise error
        put(local, remote, **options)

    monkeypatch.setattr(target.fs, "put_file", shaky)
    deliver(folder, target)
    assert names(target) == names(folder)


def test_what_lies_there_is_never_written_over(folder: Path, target: UPath, tmp_path: Path) -> None:
    target.fs.pipe_file(f"{target.path}/mine", b"x")
    with pytest.raises(InputError, match="is not empty"):
        deliver(folder, target)
    target.fs.rm_file(f"{target.path}/mine")
    deliver(folder, target)
    write_webdataset(curated(tmp_path / "other", [row(1)]), tmp_path / "b")
    with pytest.raises(InputError, match="holds another export"):
        deliver(tmp_path / "b", target)
    target.fs.rm_file(f"{target.path}/{RECORD}")
    target.fs.pipe_file(f"{target.path}/{BEGUN}", b"another")
    with pytest.raises(InputError, match="holds another export"):
        deliver(folder, target)
