"""A benchmark folder is refused in one clear sentence before anything of it is decoded."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.evaluation.benchmarks.layout import inspect_layout, subfolder
from tests.tasks.evaluation.conftest import picture, write_classification, write_tar


def test_complete_layouts_are_described(colours: Path, captions: Path) -> None:
    layout = inspect_layout(colours, name="colours")
    assert (layout.kind, len(layout.classes), len(layout.shards), layout.images) == ("classification", 6, 2, 40)
    assert inspect_layout(captions, name="captions").kind == "retrieval"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda root: (root / "classnames.txt").unlink(), "no classnames.txt"),
        (lambda root: (root / "classnames.txt").write_text("red"), "one class only"),
        (lambda root: (root / "classnames.txt").write_text("red\n\nblue"), "line 2, is empty"),
        (lambda root: (root / "classnames.txt").write_bytes(b"\xff\xfe\x00"), "not UTF-8"),
        (lambda root: (root / "zeroshot_classification_templates.txt").unlink(), "no zeroshot_"),
        (lambda root: (root / "zeroshot_classification_templates.txt").write_text("a photo"), "has no {c}"),
        (
            lambda root: (root / "zeroshot_classification_templates.txt").write_text("{c.__class__}"),
            "other than",
        ),
        (lambda root: (root / "zeroshot_classification_templates.txt").write_text("{c:>9999999}"), "other than"),
        (lambda root: (root / "zeroshot_classification_templates.txt").write_text("{c} {"), "line 1"),
        (lambda root: (root / "test" / "nshards.txt").unlink(), "no nshards.txt"),
        (lambda root: (root / "test" / "nshards.txt").write_text("two"), "number of tars"),
        (lambda root: (root / "test" / "nshards.txt").write_text("0"), "at least 1"),
        (lambda root: (root / "test" / "nshards.txt").write_text("3"), "2.tar is missing"),
        (lambda root: (root / "test" / "1.tar").write_bytes(b"not a tar"), "not a readable tar"),
        (lambda root: (root / "dataset_type.txt").write_text("multilabel"), "not evaluated here"),
    ],
)
def test_incomplete_layout(colours: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(colours)
    with pytest.raises(InputError, match=message):
        inspect_layout(colours, name="colours")


class Bomb:
    """Unpickling it would raise: the test proves that nobody does."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.png", b"@"), ("a.cls", b"0")], "not a JPEG, PNG or WebP"),
        ([("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0"), ("a.cls", b"0")], "not a JPEG, PNG or WebP"),
        ([("a.png", picture("red", 0)), ("a.cls", b"0"), ("a.pickle", pickle.dumps(Bomb()))], "could run code"),
        ([("a.png", picture("red", 0)), ("a.cls", b"0"), ("a.x.pyd", pickle.dumps(Bomb()))], "could run code"),
        ([("a.png", picture("red", 0)), ("a.PTH", b"0"), ("a.cls", b"0")], "could run code"),
        ([("a.png.gz", b"0"), ("a.cls", b"0")], "could run code"),
        ([("a.png", picture("red", 0)), ("a.cls", b"2")], "from 0 to 1"),
        ([("a.png", picture("red", 0)), ("a.cls", b"-1")], "from 0 to 1"),
        ([("a.png", picture("red", 0)), ("a.cls", b"")], "from 0 to 1"),
        ([("a.png", picture("red", 0))], "0 .cls files"),
        ([("a.cls", b"0")], "0 image files"),
        ([("a.png", picture("red", 0)), ("a.jpg", picture("red", 0, "JPEG")), ("a.cls", b"0")], "2 image files"),
        ([("a.png", picture("red", 0)), ("b.cls", b"0")], "0 .cls files"),
        ([], "no samples"),
    ],
)
def test_dangerous_or_broken_members(tmp_path: Path, members: list[tuple[str, bytes]], message: str) -> None:
    root = write_classification(tmp_path / "set", ["red", "green"], images=2, shards=1)
    write_tar(root / "test" / "0.tar", members)
    with pytest.raises(InputError, match=message):
        inspect_layout(root, name="set")


def test_truncated_tar(colours: Path) -> None:
    path = colours / "test" / "0.tar"
    path.write_bytes(path.read_bytes()[:1100])
    with pytest.raises(InputError, match=r"readable tar|exactly one"):
        inspect_layout(colours, name="colours")


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", "shape/../..", "a\\b"])
def test_benchmark_stays_inside_its_data_set(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="leads out"):
        subfolder(tmp_path, name)


def test_absent_benchmark(tmp_path: Path) -> None:
    assert subfolder(tmp_path, "") == tmp_path
    with pytest.raises(InputError, match="no benchmark folder"):
        subfolder(tmp_path, "shape")


def test_path_that_webdataset_would_expand(tmp_path: Path) -> None:
    root = write_classification(tmp_path / "{a,b}", ["red", "green"], images=2, shards=1)
    with pytest.raises(InputError, match="rename the folder"):
        inspect_layout(root, name="set")
