"""Checks of trained models."""

import math
from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.shards import write_table
from tasks.checks import Checks, judge
from tasks.training.checks import JUDGES
from tasks.training.stats import ClipStats, SelfSupervisedStats, TrainingStats
from tests.tasks.judged import output, verdict

BUDGET = {"steps": 2, "examples_seen": 4, "distinct_examples": 4, "resumed_at": 0, "seconds": 1.0, "final_loss": 0.5}
HEADS = BUDGET | {"final_contrastive": 0.5, "logit_scale": 100.0, "image_norm": 1.0, "text_norm": 1.0,
                  "image_tree": None, "text_tree": None, "predicted_norm": None}  # fmt: skip
CLIP = ClipStats.model_validate(HEADS | {"without_image": 0, "logit_scale": 14.3})
BACKBONE = SelfSupervisedStats.model_validate(BUDGET | {
    "invariance": 0.1, "first_norm": 1.0, "second_norm": 1.0, "first_tree": None, "second_tree": None, "rank": 5.0,
    "spread": 0.5, "without_image": 0,
})  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a training whose losses are finite."""
    write_table(tmp_path / "metrics.parquet", pa.table({"step": [1, 2], "loss": [1.0, 0.5]}))
    return tmp_path


@pytest.mark.parametrize(("losses", "words"), [
    ([1.0, math.nan], "1 of 2 steps is not finite, first at step 2"), ([math.inf, None], "2 of 2 steps"),
])  # fmt: skip
def test_losses_are_finite_at_every_step(folder: Path, losses: list[float | None], words: str) -> None:
    assert set(verdict(output("train", CLIP), folder).values()) == {True}
    write_table(folder / "metrics.parquet", pa.table({"step": [1, 2], "loss": pa.array(losses, pa.float64())}))
    found = [each for each in judge(Checks(), output("train", CLIP), folder) if not each.passed]
    assert [each.check for each in found] == ["training.finite"] and found[0].refuses and words in found[0].said
    off = {"training": {"finite": {"severity": "off"}}}
    assert "training.finite" not in verdict(output("train", CLIP), folder, off)


@pytest.mark.parametrize(("changed", "failing"), [
    ({"logit_scale": 1.2}, "training.logit_scale"), ({"image_norm": 1e-4}, "training.norm"),
    ({"text_norm": 2e3}, "training.norm"), ({"image_norm": None, "text_norm": None, "logit_scale": None}, None),
])  # fmt: skip
def test_scale_and_norms(folder: Path, changed: dict[str, float | None], failing: str | None) -> None:
    found = verdict(output("finetune", CLIP.model_copy(update=changed)), folder)
    assert [check for check, passed in found.items() if not passed] == ([failing] if failing else [])


def test_heads_have_a_scale_that_was_given(folder: Path) -> None:
    heads = TrainingStats.model_validate(HEADS)
    assert verdict(output("train_heads", heads), folder) == {"training.finite": True, "training.norm": True}


def test_a_backbone_that_collapsed(folder: Path) -> None:
    assert set(verdict(output("selfsupervise", BACKBONE), folder).values()) == {True}
    point = BACKBONE.model_copy(update={"rank": 1.0, "spread": 1e-5})
    assert verdict(output("selfsupervise", point), folder) == {
        "training.finite": True, "training.spread": False, "training.rank": False,
    }  # fmt: skip
    assert set(JUDGES) == {"train", "finetune", "train_heads", "selfsupervise"}
