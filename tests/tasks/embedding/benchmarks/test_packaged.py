"""Lists that clip-benchmark ships stand in for missing files, and are its own."""

from pathlib import Path

import pytest
from clip_benchmark.datasets import builder

from storage.errors import InputError
from tasks.embedding.benchmarks.layout import inspect_layout, read_prompts
from tasks.embedding.benchmarks.packaged import packaged_lines
from tests.tasks.evaluation.conftest import write_classification


@pytest.mark.parametrize(
    ("name", "classes", "prompts"),
    [
        ("imagenet1k", 1000, 80),
        ("cifar10", 0, 18),
        ("vtab/cifar100", 0, 18),
        ("wds_vtab-flowers_test", 102, 1),
        ("vtab/caltech101", 102, 34),
        ("stl10", 0, 2),
        ("mine", 0, 0),
        ("", 0, 0),
    ],
)
def test_lists_by_name(name: str, classes: int, prompts: int) -> None:
    assert len(packaged_lines(name, "classnames")) == classes
    assert len(packaged_lines(name, "zeroshot_classification_templates")) == prompts


def test_they_are_those_that_clip_benchmark_uses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builder, "CIFAR10", lambda **given: type("Set", (), {"classes": ["a"]})())
    theirs = builder.build_dataset("cifar10", root=str(tmp_path), split="test", download=False)
    assert packaged_lines("cifar10", "zeroshot_classification_templates") == tuple(theirs.templates)


def test_prompts_of_a_known_name_may_be_missing_and_classes_of_an_unknown_one_may_not(tmp_path: Path) -> None:
    root = write_classification(tmp_path / "set", ["red", "blue"])
    (root / "zeroshot_classification_templates.txt").unlink()
    layout = inspect_layout(root, name="vtab/cifar10")
    assert layout.templates == packaged_lines("cifar10", "zeroshot_classification_templates")
    assert read_prompts(root, "cifar10")[0] == layout.prompts[0][0]
    with pytest.raises(InputError, match="no zeroshot_classification_templates"):
        inspect_layout(root, name="mine")
    (root / "classnames.txt").unlink()
    with pytest.raises(InputError, match=r"no classnames\.txt"):
        inspect_layout(root, name="cifar10")
