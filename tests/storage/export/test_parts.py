"""An export in parts: whole or absent, never over another, and going on where a killed one stopped."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.errors import InputError
from storage.export.parts import PIECES, Finished, Job, Part, Tell, Written, nobody, origin_of, write_json, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, rejected_table
from storage.tables.shards import read_table


class Parts:
    """Five parts of two rows each; `broken` fails, and `calls` counts."""

    def __init__(self, broken: int | None = None) -> None:
        self.calls: list[int] = []
        self.broken = broken

    def part(self, number: int) -> Part:
        def write(folder: Path, tell: Tell) -> Written:
            self.calls.append(number)
            if number == self.broken:
                (folder / f"{number}.txt").write_text("half")
                raise OSError("no space left")
            (folder / f"{number}.txt").write_text(f"rows of {number}")
            (folder / PIECES / f"{number}.piece").write_text(str(number))
            tell(2, 9)
            lost = [Rejection(f"k{number}", "empty caption", "")] if number % 2 else []
            names = (f"{number}.txt", f"{PIECES}/{number}.piece")
            return Written(names, 2 - len(lost), {"n": number}, {REJECTED_NAME: rejected_table(lost)})

        return Part(2, write)

    def export(self, folder: Path, job: Job | None = None, **settings: int) -> Export:
        parts = [self.part(number) for number in range(5)]
        return write_parts(folder, "test", settings, parts, self.finish, job or Job("data"))

    def finish(self, folder: Path, parts: Sequence[PartRecord]) -> Finished:
        pieces = [(folder / part.files[1].path).read_text() for part in parts]
        (folder / "all.txt").write_text("".join(pieces))
        return Finished(("all.txt",), {"numbers": [part.facts["n"] for part in parts]})


def test_all_parts_and_what_is_made_of_them(tmp_path: Path) -> None:
    done = Parts().export(tmp_path / "deep" / "out")
    assert [file.name for file in done.files] == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "all.txt"]
    assert (done.rows, done.rejected, done.was_there) == (8, 2, False)
    assert done.facts == {"numbers": [0, 1, 2, 3, 4]}
    assert done.bytes == 5 * len("rows of 0") + 5
    assert (tmp_path / "deep" / "out" / "all.txt").read_text() == "01234"
    assert read_table(tmp_path / "deep" / "out" / "rejected.parquet")["key"].to_pylist() == ["k1", "k3"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert not (tmp_path / "deep" / "out" / PIECES).exists()


def test_a_stopped_export_goes_on(tmp_path: Path) -> None:
    broken = Parts(broken=3)
    with pytest.raises(OSError, match="no space"):
        broken.export(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    again, told = Parts(), list[int]()
    resumed = again.export(tmp_path / "out", Job("data", tell=lambda rows, size: told.append(rows)))
    assert again.calls == [3, 4] and sum(told) == 10
    whole = Parts().export(tmp_path / "whole")
    assert resumed.rows == whole.rows
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert all((tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes() for name in names)


def test_what_another_export_left_unfinished_is_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"):
        Parts(broken=4).export(tmp_path / "out")
    again = Parts()
    again.export(tmp_path / "out", Job("other data"))
    assert again.calls == [0, 1, 2, 3, 4]


def test_the_same_export_is_there_already_and_another_is_refused(tmp_path: Path) -> None:
    Parts().export(tmp_path / "out", buckets=2)
    second = Parts()
    assert second.export(tmp_path / "out", buckets=2).was_there and second.calls == []
    for job, settings in ((Job("data"), {"buckets": 3}), (Job("other"), {"buckets": 2})):
        with pytest.raises(InputError, match=r"holds another export \(test, 8 rows"):
            Parts().export(tmp_path / "out", job, **settings)
    (tmp_path / "out" / "2.txt").write_text("cut")
    with pytest.raises(InputError, match=r"2\.txt of this export is missing or cut short"):
        Parts().export(tmp_path / "out", buckets=2)


def test_what_is_no_export_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    (tmp_path / "file").write_text("y")
    for name in ("out", "file"):
        with pytest.raises(InputError, match="exists already"):
            Parts().export(tmp_path / name)
    assert (tmp_path / "out" / "mine").read_text() == "x" and (tmp_path / "file").read_text() == "y"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_an_empty_folder_is_a_target(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert Parts().export(tmp_path / "out").rows == 8


def test_two_at_once(tmp_path: Path) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow(folder: Path, tell: Tell) -> Written:
        inside.set()
        leave.wait(20)
        return Written((), 1)

    def first() -> None:
        write_parts(tmp_path / "out", "test", {}, [Part(1, slow)], lambda folder, parts: Finished(), Job("data"))

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(20)
    with pytest.raises(InputError, match="another process is exporting"):
        Parts().export(tmp_path / "out")
    leave.set()
    thread.join()


def test_an_export_of_nothing_but_refusals_is_an_error(tmp_path: Path) -> None:
    def write(folder: Path, tell: Tell) -> Written:
        return Written((), 0, tables={REJECTED_NAME: rejected_table([Rejection("k", "missing image", "no bytes")])})

    with pytest.raises(
        InputError, match=r"none of 1 rows can be exported as test; the first: missing image \(no bytes"
    ):
        write_parts(tmp_path / "out", "test", {}, [Part(1, write)], lambda folder, parts: Finished(), Job("data"))
    assert list(tmp_path.iterdir()) == []


def test_the_origin_of_files_changes_with_them(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = origin_of([tmp_path / "a"])
    assert origin_of([tmp_path / "a"]) == before
    (tmp_path / "a").write_text("22")
    assert origin_of([tmp_path / "a"]) != before
    nobody(1, 2)


def test_json_without_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"é": 1})
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n "é": 1\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", float("nan"))
