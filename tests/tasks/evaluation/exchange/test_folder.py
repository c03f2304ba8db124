"""The folder of results: a folder a model, whatever the names hold, zero-shot and probes told apart."""

import json
from pathlib import Path

from tasks.evaluation.exchange.clip_benchmark_json import read_results
from tasks.evaluation.exchange.folder import Scored, write_folder


def document(task: str) -> dict[str, object]:
    return {"task": task, "metrics": {"acc1": 0.5, "acc5": None}, "primary": "acc1", "images": 40,
            "intervals": {"acc1": {"low": 0.4, "high": 0.6}}}  # fmt: skip


def test_a_folder_a_model(tmp_path: Path) -> None:
    scored = [
        Scored(model, f"seed{seed}", "cifar10", document(task))
        for model in ("heads k=2, balanced", "../../elsewhere")
        for seed in (0, 1)
        for task in ("zeroshot_classification", "linear_probe")
    ]
    written = write_folder(tmp_path / "scores", scored)
    assert sorted(path.name for path in (tmp_path / "scores").iterdir()) == [
        "_.._elsewhere-seed0".strip("._"), "elsewhere-seed1", "heads_k=2_balanced-seed0", "heads_k=2_balanced-seed1",
    ]  # fmt: skip
    assert len(written) == 4 * 3 and all(path.is_file() for path in written)
    assert len(list(read_results(tmp_path))) == 8
    line = json.loads((tmp_path / "scores" / "elsewhere-seed0" / "eval_results.jsonl").read_text())
    assert line["key"] == "cifar10" and line["metrics"]["main_metric"] == 0.5 and line["ci_low"] == 0.4
