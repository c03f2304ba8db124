"""The authors' published files: what the names say, and the numbers of the paper's table."""

import json
from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.evaluation.exchange.published import read_published


def write(folder: Path, name: str, recall: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"dataset": "cifar10", "model": folder.name, "pretrained": "laion2b_s34b_b79k",
              "task": "zeroshot_classification", "language": "en",
              "metrics": {"acc1": 0.5079, "acc5": 0.9669, "mean_per_class_recall": recall}}  # fmt: skip
    (folder / name).write_text(json.dumps(fields))


def test_names_say_loss_encoder_batch_and_step(tmp_path: Path) -> None:
    write(tmp_path / "clip_bert", "cifar10.json", 0.5108)
    write(tmp_path / "clip_bert", "cifar10_500.json", 0.3566)
    write(tmp_path / "double_clip_b128", "stl10_1000.json", 0.8)
    write(tmp_path / "elsewhere", "cifar10_500.json", 0.1)
    found = read_published(tmp_path)
    assert [(each.half_steps, each.text, each.batch, each.dataset, each.step) for each in found] == [
        (1, "bert", 512, "cifar10", 500), (1, "bert", 512, "cifar10", 5000), (2, "clip", 128, "stl10", 1000),
    ]  # fmt: skip
    assert [each.result.metrics["mean_per_class_recall"] for each in found] == [0.3566, 0.5108, 0.8]


def test_folders_of_other_names_are_told(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "cifar10.json", 0.1)
    with pytest.raises(InputError, match="such as double_bert_b128"):
        read_published(tmp_path)
