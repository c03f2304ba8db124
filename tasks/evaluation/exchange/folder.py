"""A folder of results as others read them: for each model clip-benchmark's files and `eval_results.jsonl`."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.embedding.benchmarks.packaged import set_name
from tasks.evaluation.exchange.clip_benchmark_json import Result, write_result
from tasks.evaluation.exchange.datacomp import Evaluated, write_eval_results

_UNSAFE = re.compile(r"[^\w.@=+-]+")


@dataclass(frozen=True)
class Scored:
    """One model's scores on one benchmark.

    Attributes:
        model: what the model is called.
        pretrained: what its weights are called, such as the seed.
        benchmark: the set's name, or its folder's.
        document: `scores.json`, as evaluation wrote it.
    """

    model: str
    pretrained: str
    benchmark: str
    document: Mapping[str, Any]


def write_folder(folder: Path, scored: Iterable[Scored]) -> list[Path]:
    """`MODEL-PRETRAINED/*.json`, a file a set and task, and `MODEL-PRETRAINED/eval_results.jsonl`; the files."""
    lines: dict[Path, list[Evaluated]] = {}
    written: list[Path] = []
    for each in scored:
        of_model = folder / _UNSAFE.sub("_", f"{each.model}-{each.pretrained}").strip("._")
        found, name = each.document, set_name(each.benchmark)
        result = Result(f"wds/{name}", each.model, each.pretrained, str(found["task"]), dict(found["metrics"]))
        written.append(write_result(of_model, result))
        interval = found.get("intervals", {}).get(found["primary"])
        if found["task"] != "linear_probe":
            ends = (float(interval["low"]), float(interval["high"])) if interval else None
            evaluated = Evaluated(name, result.metrics, str(found["primary"]), ends, int(found["images"]))
            lines.setdefault(of_model, []).append(evaluated)
    for of_model, evaluated_sets in lines.items():
        write_eval_results(of_model / "eval_results.jsonl", evaluated_sets)
        written.append(of_model / "eval_results.jsonl")
    return written
