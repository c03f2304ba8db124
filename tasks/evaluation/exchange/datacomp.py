"""DataComp's `eval_results.jsonl`: a line a set, under DataComp's own keys, so that its tools read it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.atomic import write_changed
from tasks.embedding.benchmarks.named import DATACOMP, datacomp_key


@dataclass(frozen=True)
class Evaluated:
    """One model's zero-shot scores on one set.

    Attributes:
        benchmark: the set's name, or its folder's.
        metrics: by clip-benchmark's names.
        primary: the metric that counts where DataComp does not know the set.
        interval: of the metric `primary`, where there is one.
        images: test images.
    """

    benchmark: str
    metrics: Mapping[str, float | None]
    primary: str
    interval: tuple[float, float] | None
    images: int


def datacomp_line(scored: Evaluated) -> dict[str, object]:
    """`key`, `dataset` and `metrics` with `main_metric`, as DataComp writes them; `ci_low`, `ci_high` and `n` beside.

    The interval is that of the metric that counts, null where it was not made for that one.
    """
    key = datacomp_key(scored.benchmark)
    task = DATACOMP[key] if key is not None else None
    metrics = dict(scored.metrics)
    both = [metrics.get(f"{way}_retrieval_recall@1") for way in ("text", "image")]
    if both[0] is not None and both[1] is not None:
        metrics["mean_recall@1"] = 0.5 * (both[0] + both[1])
    main = task.metric if task is not None else scored.primary
    low, high = (scored.interval if main == scored.primary else None) or (None, None)
    return {
        "key": key or scored.benchmark,
        "dataset": task.title if task is not None else scored.benchmark,
        "metrics": {**metrics, "main_metric": metrics.get(main)},
        "ci_low": low,
        "ci_high": high,
        "n": scored.images,
    }


def write_eval_results(path: Path, scored: Sequence[Evaluated]) -> None:
    """Write the lines, in the order of DataComp's task list, other sets after."""
    lines = [datacomp_line(each) for each in scored]
    order = list(DATACOMP)
    lines.sort(key=lambda line: order.index(str(line["key"])) if line["key"] in DATACOMP else len(order))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_changed(path, "".join(json.dumps(line, allow_nan=False, ensure_ascii=False) + "\n" for line in lines))
