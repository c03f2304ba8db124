"""`eval_results.jsonl` as DataComp's own aggregation reads it."""

import json
from pathlib import Path

import pytest

from tasks.evaluation.exchange.datacomp import Evaluated, write_eval_results

ACCURACY = {"acc1": 0.5, "acc5": None, "mean_per_class_recall": 0.4}
RECALL = {"image_retrieval_recall@1": 0.2, "text_retrieval_recall@1": 0.4}


def test_lines_have_their_keys_titles_and_the_metric_that_counts(tmp_path: Path) -> None:
    scored = [
        Evaluated("mine", ACCURACY, "mean_per_class_recall", (0.3, 0.5), 40),
        Evaluated("wds_flickr30k", RECALL, "image_retrieval_recall@1", (0.1, 0.3), 1000),
        Evaluated("wds_cifar10", ACCURACY, "mean_per_class_recall", (0.3, 0.5), 10_000),
        Evaluated("vtab/pets", ACCURACY, "mean_per_class_recall", (0.3, 0.5), 3669),
    ]
    write_eval_results(tmp_path / "m" / "eval_results.jsonl", scored)
    lines = [
        json.loads(line, parse_constant=pytest.fail)
        for line in (tmp_path / "m" / "eval_results.jsonl").read_text().splitlines()
    ]
    assert [line["key"] for line in lines] == ["cifar10", "vtab/pets", "retrieval/flickr30k", "mine"]
    assert [line["dataset"] for line in lines] == ["CIFAR-10", "Oxford-IIIT Pet", "Flickr", "mine"]
    assert [line["metrics"]["main_metric"] for line in lines] == pytest.approx([0.5, 0.4, 0.3, 0.4])
    assert [(line["ci_low"], line["ci_high"], line["n"]) for line in lines] == [
        (None, None, 10_000), (0.3, 0.5, 3669), (None, None, 1000), (0.3, 0.5, 40),
    ]  # fmt: skip
    assert lines[0]["metrics"]["acc5"] is None
