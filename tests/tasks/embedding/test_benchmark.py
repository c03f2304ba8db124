"""A benchmark's images from tar archives: every sample a row, in order, with its class."""

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.errors import InputError
from storage.tables.schemas import PAIRS
from tasks.embedding import benchmark
from tasks.embedding.benchmark import benchmark_pairs, class_names, prompts
from tests.tasks.embedding.conftest import png

Member = tuple[str, bytes]


def archive(path: Path, members: Sequence[Member]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def rows(root: Path, name: str = "", split: str = "test") -> list[dict]:
    tables = list(benchmark_pairs(root, name, split))
    assert all(table.schema.equals(PAIRS) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shape").mkdir()
    (tmp_path / "shape" / "classnames.txt").write_text("circle\n ring \n\n", encoding="utf-8")
    (tmp_path / "shape" / "zeroshot_classification_templates.txt").write_text("a {c}, {c}.\nthe {c}\n")
    return tmp_path


def test_prompts_are_every_template_with_every_name(root: Path) -> None:
    assert class_names(root / "shape") == ["circle", "ring"]
    assert prompts(root / "shape") == [["a circle, circle.", "the circle"], ["a ring, ring.", "the ring"]]
    assert class_names(root) == [] == prompts(root)


def test_samples_come_in_the_order_of_archives_with_their_classes(root: Path) -> None:
    for number, members in {
        10: [("a.png", png(3)), ("a.cls", b"7")],  # a class without a name
        2: [("b.cls", b" 1\n"), ("b.jpg", png(1)), ("b.json", b"{}"), ("c.PNG", png(2)), ("only.cls", b"0")],
    }.items():
        archive(root / "shape" / "test" / f"{number}.tar", members)
    found = rows(root, "shape")
    assert [row["key"] for row in found] == ["2/b", "2/c", "10/a"]
    assert [row["caption"] for row in found] == ["a ring, ring.", "c", "a"]
    assert [row["label"] for row in found] == [1, None, 7]
    assert [row["image"]["bytes"] for row in found] == [png(1), png(2), png(3)]
    assert {row["source"] for row in found} == {"shape test"} and len({row["id"] for row in found}) == 3


def test_texts_are_captions_by_their_first_line(root: Path) -> None:
    archive(
        root / "test" / "0.tar",
        [("a.png", png(0)), ("a.txt", "  a réd circle\nanother\n".encode()), ("b.png", png(1)), ("b.txt", b" \n")],
    )
    assert [row["caption"] for row in rows(root)] == ["a réd circle", "b"]


def test_equal_names_in_two_folders_are_two_samples(root: Path) -> None:
    """One of them was lost: samples were told apart by the last part of their names."""
    archive(
        root / "test" / "0.tar",
        [
            (f"{folder}/0.{kind}", data)
            for folder, seed in (("x", 0), ("y", 1))
            for kind, data in (("png", png(seed)), ("cls", b"1"))
        ],
    )
    assert [(row["key"], row["image"]["bytes"]) for row in rows(root)] == [("0/x/0", png(0)), ("0/y/0", png(1))]


def test_a_number_that_is_no_class_is_no_label(root: Path) -> None:
    """A label of thousands of digits ended the stage."""
    archive(root / "test" / "0.tar", [("a.png", png(0)), ("a.cls", b"9" * 5_000), ("b.png", png(1)), ("b.cls", b"-1")])
    assert [row["label"] for row in rows(root)] == [None, None]


def test_tables_are_cut_and_prompts_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive(
        root / "shape" / "test" / "0.tar",
        [(f"{k}.{kind}", data) for k in range(5) for kind, data in (("png", png(k)), ("cls", b"0"))],
    )
    read: list[Path] = []
    original = benchmark.prompts
    monkeypatch.setattr(benchmark, "prompts", lambda folder: (read.append(folder), original(folder))[1])
    monkeypatch.setattr(benchmark, "ROWS", 2)
    assert [len(table) for table in benchmark_pairs(root, "shape")] == [2, 2, 1] and len(read) == 1


def test_what_is_no_benchmark_is_named(root: Path) -> None:
    with pytest.raises(InputError, match="leads out"):
        rows(root, "../elsewhere")
    with pytest.raises(InputError, match=r"val holds no \*\.tar"):
        rows(root, "shape", "val")
    archive(root / "test" / "0.tar", [("a.png", png(0))])
    content = (root / "test" / "0.tar").read_bytes()
    (root / "test" / "0.tar").write_bytes(content[:700])
    with pytest.raises(InputError, match="cannot be read as a tar"):
        rows(root)


def test_names_may_begin_with_a_mark_and_must_be_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "classnames.txt"
    assert class_names(tmp_path) == []
    file.write_bytes("\ufeffcafé\n".encode())
    assert class_names(tmp_path) == ["café"]
    file.write_bytes("café\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        class_names(tmp_path)
