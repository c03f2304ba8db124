"""A benchmark folder is refused in one clear sentence before anything of it is decoded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.embedding.benchmarks.layout import inspect_layout, subfolder
from tests.tasks.evaluation.conftest import write_classification


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
        (lambda root: (root / "test" / "nshards.txt").write_text("100000000"), "2.tar is missing"),
        (lambda root: (root / "test" / "nshards.txt").write_text("9" * 5_000), "number of tars"),
        (lambda root: (root / "test" / "1.tar").write_bytes(b"not a tar"), "not a readable tar"),
        (lambda root: (root / "dataset_type.txt").write_text("captioning"), "not evaluated here"),
    ],
)
def test_incomplete_layout(colours: Path, spoil: Callable[[Path], object], message: str) -> None:
    spoil(colours)
    with pytest.raises(InputError, match=message):
        inspect_layout(colours, name="colours")


def test_names_may_begin_with_a_mark(colours: Path) -> None:
    names = (colours / "classnames.txt").read_text()
    (colours / "classnames.txt").write_text("\ufeff" + names, encoding="utf-8")
    assert inspect_layout(colours, name="colours").classes == tuple(names.split())


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
