"""A run's trainings for TensorBoard: their metrics under open_clip's names, with their scores and what they read.

`<run>/tensorboard/<training>/` is written while a training runs (`tracking.py`), and whole when the run ends, from what
the store holds, so that a training that came from the cache is there as well; one that is there already, with the same
content, is left alone.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow.parquet import read_table

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.naming import artifact_key
from storage.atomic import write_whole
from storage.hashing import hash_json
from storage.record.manifest import Manifest
from storage.store.store import Store

FOLDER = "tensorboard"
MOST_STEPS = 2_000  # drawn of a training; TensorBoard itself keeps fewer
NAMES: Mapping[str, str] = {
    "loss": "train/loss",
    "contrastive": "train/contrastive_loss",
    "logit_scale": "train/scale",
    "learning_rate": "train/lr",
    "examples": "train/samples",
}
"""open_clip's names for what it logs too; everything else is called by its own, below `train/`."""
SCORES: Mapping[str, str] = {"acc1": "top1", "acc5": "top5"}
METRICS = "metrics.parquet"
_MARK = "content"


def write_trainings(config: Experiment, nodes: Sequence[Node]) -> None:
    """Write every training of a run; nothing that goes wrong here costs the run more than a warning."""
    made = [node for node in nodes if node.manifest]
    for node in made:
        manifest = node.manifest
        if manifest is None or not any(file.path == METRICS for file in manifest.files):
            continue
        scores = scores_of(manifest, [each.manifest for each in made if each.manifest])
        folder = config.folder / FOLDER / artifact_key(node.label)
        mark = hash_json([manifest.digest, *sorted(each.digest for each in scores)])
        try:
            if not (folder / _MARK).is_file() or (folder / _MARK).read_text(encoding="utf-8") != mark:
                shutil.rmtree(folder, ignore_errors=True)
                _write(folder, manifest, scores, Store(config.runtime.store))
                write_whole(folder / _MARK, mark)
        except (OSError, pa.ArrowException) as error:
            logging.getLogger("equipoise").warning("%s is not shown in TensorBoard: %s", node.label, error)


def scores_of(model: Manifest, made: Sequence[Manifest]) -> list[Manifest]:
    """The scores of a training, among what a run made."""

    def reads(scored: Manifest) -> bool:
        read = (parent for parent in scored.parents if parent.argument == "model")
        return any((parent.stage, parent.digest) == (model.stage, model.digest) for parent in read)

    return [each for each in made if "benchmark" in each.stats and reads(each)]


def scalars_of(score: Manifest) -> dict[str, float]:
    """Every metric of a benchmark, by the name that open_clip logs it under."""
    return {
        f"val/{score.stats['benchmark']}-zeroshot-val-{SCORES.get(metric, metric)}": value
        for metric, value in score.stats.items()
        if isinstance(value, float) and metric != "value"
    }


def named(column: str) -> str:
    """A column of the metrics table by open_clip's name."""
    return NAMES.get(column, f"train/{column}")


def drawn_steps(metrics: pa.Table) -> Iterator[tuple[int, dict[str, float]]]:
    """The steps that are shown, evenly spaced where there are many, each with what was measured at it, by name."""
    steps = metrics["step"].to_numpy()
    drawn = np.unique(np.linspace(0, len(steps) - 1, min(MOST_STEPS, len(steps))).round().astype(np.int64))
    for row in metrics.take(drawn).to_pylist():
        step = row.pop("step")
        yield step, {named(name): float(value) for name, value in row.items() if value is not None}


def _write(folder: Path, training: Manifest, scores: Sequence[Manifest], store: Store) -> None:
    from tensorboardX import SummaryWriter

    metrics = read_table(store.directory(training.stage, training.key) / METRICS)
    last = int(metrics["step"][-1].as_py())
    began = (training.created - timedelta(seconds=training.seconds)).timestamp()
    with SummaryWriter(logdir=str(folder)) as writer:
        writer.add_text("dataset", _inputs(training), walltime=began)
        for step, numbers in drawn_steps(metrics):
            for name, value in numbers.items():
                writer.add_scalar(name, value, step, walltime=began + training.seconds * step / last)
        for score in scores:
            for name, value in scalars_of(score).items():
                writer.add_scalar(name, value, last, walltime=score.created.timestamp())


def _inputs(training: Manifest) -> str:
    """What the training read, by digest: a table in TensorBoard's Markdown."""
    rows = [f"| {parent.argument} | {parent.stage} | {parent.digest} |" for parent in training.parents]
    return "\n".join(["| input | stage | digest |", "|---|---|---|", *rows])
