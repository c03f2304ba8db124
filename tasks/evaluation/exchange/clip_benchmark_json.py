"""clip-benchmark's result files, a JSON for each model, set and task: written under its names, and read back.

Strict JSON: a metric that does not exist is null, where clip-benchmark writes a bare NaN, which only Python reads.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.atomic import write_changed
from storage.errors import InputError

PROBE_NAMES = {name: f"lp_{name}" for name in ("acc1", "acc5", "mean_per_class_recall")}
"""Metrics of a linear probe, and what clip-benchmark calls them."""

_UNSAFE = re.compile(r"[^\w.@+-]+")


@dataclass(frozen=True)
class Result:
    """One model's scores on one set.

    Attributes:
        dataset: the set, with `wds/` before it where it has that layout.
        model: the model's name.
        pretrained: its weights' name.
        task: `zeroshot_classification`, `zeroshot_retrieval`, `linear_probe`.
        metrics: by clip-benchmark's names; None where one does not exist.
        language: of the prompts.
    """

    dataset: str
    model: str
    pretrained: str
    task: str
    metrics: Mapping[str, float | None]
    language: str = "en"

    @property
    def file_name(self) -> str:
        """clip-benchmark's default, `{dataset}_{pretrained}_{model}_{language}_{task}.json`, of safe letters."""
        parts = (self.dataset.removeprefix("wds/"), self.pretrained, self.model, self.language, self.task)
        return "_".join(_UNSAFE.sub("_", part).strip(".") for part in parts) + ".json"

    def to_json(self) -> str:
        """clip-benchmark's fields, one line."""
        probe = self.task == "linear_probe"
        named = {PROBE_NAMES.get(name, name) if probe else name: value for name, value in self.metrics.items()}
        fields = {
            "dataset": self.dataset,
            "model": self.model,
            "pretrained": self.pretrained,
            "task": self.task,
            "metrics": named,
            "language": self.language,
        }
        return json.dumps(fields, allow_nan=False, ensure_ascii=False) + "\n"


def write_result(folder: Path, result: Result) -> Path:
    """Write one result under its name; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / result.file_name
    write_changed(path, result.to_json())
    return path


def read_result(path: Path) -> Result:
    """A result file of clip-benchmark or of this project; a bare NaN becomes None.

    Raises `InputError` for a file that is none, naming what it lacks.
    """
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} cannot be read as JSON ({type(error).__name__}); give a result of clip-benchmark"
        ) from None
    lacking = (
        [name for name in ("dataset", "model", "task", "metrics") if name not in found]
        if isinstance(found, dict)
        else []
    )
    if not isinstance(found, dict) or lacking or not isinstance(found["metrics"], dict):
        what = f"it has no {lacking[0]!r}" if lacking else "it is no object with `metrics`"
        raise InputError(f"{path} is no result of clip-benchmark: {what}")
    probe = found["task"] == "linear_probe"
    ours: dict[str, str] = {theirs: name for name, theirs in PROBE_NAMES.items()} if probe else {}
    metrics: dict[str, float | None] = {}
    for name, value in found["metrics"].items():
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            continue  # clip-benchmark's probe keeps a report in words among its numbers
        metrics[str(ours.get(name, name))] = None if value is None or not math.isfinite(value) else float(value)
    words = {name: str(found.get(name) or "") for name in ("dataset", "model", "pretrained", "task")}
    return Result(**words, metrics=metrics, language=str(found.get("language") or "en"))


def read_results(folder: Path) -> Iterable[tuple[Path, Result]]:
    """Every result file below a folder, by name. Raises `InputError` where there is none."""
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise InputError(f"{folder} holds no *.json; give a folder of clip-benchmark's results")
    return ((path, read_result(path)) for path in files)
