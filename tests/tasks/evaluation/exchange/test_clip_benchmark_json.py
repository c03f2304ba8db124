"""clip-benchmark's result files: its own program gathers ours, and its own come back."""

import argparse
import csv
import json
from pathlib import Path

import pytest
from clip_benchmark import cli

from storage.errors import InputError
from tasks.evaluation.exchange.clip_benchmark_json import Result, read_result, read_results, write_result

ZERO_SHOT = Result(
    "wds/vtab/cifar100", "balanced", "seed 0/../x", "zeroshot_classification", {"acc1": 0.25, "acc5": None}
)
PROBE = Result("wds/stl10", "m", "p", "linear_probe", {"acc1": 0.5, "knn_acc1": 0.25})


def test_names_and_fields_are_theirs(tmp_path: Path) -> None:
    path = write_result(tmp_path, ZERO_SHOT)
    assert path.name == "vtab_cifar100_seed_0_.._x_balanced_en_zeroshot_classification.json" and path.parent == tmp_path
    text = path.read_text()
    assert list(json.loads(text, parse_constant=pytest.fail)) == [
        "dataset", "model", "pretrained", "task", "metrics", "language",
    ]  # fmt: skip
    assert read_result(path) == ZERO_SHOT
    probed = write_result(tmp_path, PROBE)
    assert json.loads(probed.read_text())["metrics"] == {"lp_acc1": 0.5, "knn_acc1": 0.25}
    assert read_result(probed) == PROBE
    assert [result for _, result in read_results(tmp_path)] == [PROBE, ZERO_SHOT]


def test_their_own_program_builds_a_table_of_ours(tmp_path: Path) -> None:
    files = [str(write_result(tmp_path, each)) for each in (ZERO_SHOT, PROBE)]
    cli.main_build(argparse.Namespace(files=files, output=str(tmp_path / "table.csv")))
    rows = list(csv.DictReader((tmp_path / "table.csv").open()))
    assert [row["model_fullname"] for row in rows] == ["balanced seed 0/../x", "m p"]
    assert [row["acc1"] for row in rows] == ["0.25", ""] and rows[1]["lp_acc1"] == "0.5"


def test_a_bare_nan_is_read_as_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        '{"dataset": "cifar10", "model": "m", "pretrained": "p", "task": "zeroshot_classification", '
        '"metrics": {"acc1": 0.5, "acc5": NaN, "report": "words"}, "language": "en"}'
    )
    assert read_result(tmp_path / "a.json").metrics == {"acc1": 0.5, "acc5": None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "no object with `metrics`"),
        ('{"dataset": "a", "model": "b", "task": "c"}', "it has no 'metrics'"),
        ('{"dataset": "a", "model": "b", "task": "c", "metrics": 1}', "no object with `metrics`"),
    ],
)
def test_other_files_are_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_result(tmp_path / "a.json")
    with pytest.raises(InputError, match=r"holds no \*\.json"):
        read_results(tmp_path / "nowhere")
