"""What is screened is what is scored: the same samples, in the same order, as pairs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

from storage.tables.schemas import PAIRS
from tasks.embedding.benchmarks import pairs
from tasks.embedding.benchmarks.archive import read_samples
from tasks.embedding.benchmarks.layout import inspect_layout, read_prompts
from tasks.embedding.benchmarks.pairs import benchmark_pairs
from tasks.evaluation.zeroshot.clip_benchmark import Batches
from tests.tasks.evaluation.conftest import picture, to_tensor, write_classification, write_retrieval, write_tar


def rows(root: Path, split: str = "test") -> list[dict]:
    tables = list(benchmark_pairs(inspect_layout(root, name=root.name, split=split)))
    assert all(table.schema.equals(PAIRS) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


def two_classes(root: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    write_classification(root, ["red", "green"], images=2, shards=1)
    (root / "classnames.txt").write_text("circle\n ring \n")
    (root / "zeroshot_classification_templates.txt").write_text("a {c}, {c}.\nthe {c}\n")
    write_tar(root / "test" / "0.tar", members)
    return root


def on_val(root: Path) -> Path:
    (root / "test").rename(root / "val")
    return root


def repeated_names(root: Path) -> Path:
    """Samples of one name, in two folders and again in one: they are told apart by where they stand."""
    red, green = picture("red", 0), picture("green", 1)
    members = [(f"{folder}/0.{kind}", red if kind == "png" else b"1") for folder in "xy" for kind in ("png", "cls")]
    return two_classes(root, [*members, ("x/0.png", green), ("x/0.cls", b"0")])


SETS: dict[str, Callable[[Path], Path]] = {
    "classes": lambda root: write_classification(root, ["red", "green", "blue"], images=21, shards=2),
    "more tars than announced": lambda root: (
        write_classification(root, ["red", "green"], images=9, shards=3),
        (root / "test" / "nshards.txt").write_text("2"),
        root,
    )[-1],
    "retrieval": write_retrieval,
    "val": lambda root: on_val(write_classification(root, ["red", "green"], images=8)),
    "names that repeat": repeated_names,
}


@pytest.mark.parametrize("name", SETS)
def test_what_is_scored_is_what_is_screened(tmp_path: Path, name: str) -> None:
    """On `val` the screening looked at `test`, and read tars and grouped members by rules of its own."""
    root, split = SETS[name](tmp_path / "set"), "val" if name == "val" else "test"
    layout = inspect_layout(root, name="set", split=split)
    scored = [pixels for batch, _ in Batches(layout, to_tensor, 4) for pixels in batch]
    screened = rows(root, split)
    assert len(scored) == len(screened) == layout.images > 0
    samples = read_samples(layout.shards, classes=layout.labels)
    for sample, pixels, row in zip(samples, scored, screened, strict=True):
        assert row["image"] == {"bytes": sample.image, "path": sample.name} and row["label"] == sample.label
        assert torch.equal(pixels, to_tensor_of(sample.image))
    if name != "names that repeat":
        assert len({row["id"] for row in screened}) == layout.images


def to_tensor_of(content: bytes) -> torch.Tensor:
    from tasks.ingest.pictures.render import render

    return to_tensor(render(content))


def test_captions_are_the_first_line_of_a_text_or_the_first_prompt(tmp_path: Path) -> None:
    red = picture("red", 0)
    members = [("b.cls", b" 1\n"), ("b.jpg", picture("red", 1, "JPEG")), ("b.json", b"{}"), ("c.PNG", red)]
    members += [("c.cls", b"0"), ("c.txt", "\n  a réd circle\nanother\n".encode())]
    root = two_classes(tmp_path / "set", members)
    found = rows(root)
    assert [row["key"] for row in found] == ["0/b", "0/c"]
    assert [row["caption"] for row in found] == ["a ring, ring.", "a réd circle"]
    assert [row["label"] for row in found] == [1, 0] and {row["source"] for row in found} == {"set test"}
    assert read_prompts(root) == ["a circle, circle.", "the circle", "a ring, ring.", "the ring"]


def test_a_blank_text_is_the_samples_name(captions: Path) -> None:
    write_tar(captions / "test" / "0.tar", [("a.png", picture("red", 0)), ("a.txt", b" \n")])
    assert [row["caption"] for row in rows(captions)] == ["a"] and read_prompts(captions) == []


def test_tables_are_cut_by_rows_and_bytes(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = inspect_layout(colours, name="colours")
    whole = [row for table in benchmark_pairs(layout) for row in table.to_pylist()]
    monkeypatch.setattr(pairs, "ROWS", 15)
    assert [len(table) for table in benchmark_pairs(layout)] == [15, 15, 10]
    monkeypatch.setattr(pairs, "BYTES", 1)
    tables = list(benchmark_pairs(layout))
    assert len(tables) == 40 and [row for table in tables for row in table.to_pylist()] == whole
