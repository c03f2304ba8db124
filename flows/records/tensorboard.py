"""A run's trainings for TensorBoard: their metrics under open_clip's names, with their scores and what they read.

`<run>/tensorboard/<training>/` is written when a run ends, from what the store holds, so that a training that came from
the cache is there as well; one that is there already, with the same content, is left alone.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
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
_METRICS = "metrics.parquet"
_MARK = "content"


def write_trainings(config: Experiment, nodes: Sequence[Node]) -> None:
    """Write every training of a run; nothing that goes wrong here costs the run more than a warning."""
    made = [node for node in nodes if node.manifest]
    for node in made:
        manifest = node.manifest
        if manifest is None or not any(file.path == _METRICS for file in manifest.files):
            continue
        scores = [each.manifest for each in made if each.manifest and _scores_of(each.manifest, manifest)]
        folder = config.folder / FOLDER / artifact_key(node.label)
        mark = hash_json([manifest.digest, *sorted(each.digest for each in scores)])
        try:
            if not (folder / _MARK).is_file() or (folder / _MARK).read_text(encoding="utf-8") != mark:
                shutil.rmtree(folder, ignore_errors=True)
                _write(folder, manifest, scores, Store(config.runtime.store))
                write_whole(folder / _MARK, mark)
        except (OSError, pa.ArrowException) as error:
            logging.getLogger("equipoise").warning("%s is not shown in TensorBoard: %s", node.label, error)


def _scores_of(scored: Manifest, model: Manifest) -> bool:
    reads = (parent for parent in scored.parents if parent.argument == "model")
    return "benchmark" in scored.stats and any(
        (parent.stage, parent.digest) == (model.stage, model.digest) for parent in reads
    )


def _write(folder: Path, training: Manifest, scores: Sequence[Manifest], store: Store) -> None:
    from tensorboardX import SummaryWriter

    metrics = read_table(store.directory(training.stage, training.key) / _METRICS)
    steps = metrics["step"].to_numpy()
    drawn = np.unique(np.linspace(0, len(steps) - 1, min(MOST_STEPS, len(steps))).round().astype(np.int64))
    began = (training.created - timedelta(seconds=training.seconds)).timestamp()
    with SummaryWriter(logdir=str(folder)) as writer:
        writer.add_text("dataset", _inputs(training), walltime=began)
        for name in metrics.column_names:
            if name == "step":
                continue
            values = metrics[name].take(drawn).to_pylist()
            for step, value in zip(steps[drawn].tolist(), values, strict=True):
                if value is not None:
                    moment = began + training.seconds * step / int(steps[-1])
                    writer.add_scalar(NAMES.get(name, f"train/{name}"), value, step, walltime=moment)
        for score in scores:
            for metric, value in score.stats.items():
                if isinstance(value, float) and metric != "value":
                    tag = f"val/{score.stats['benchmark']}-zeroshot-val-{SCORES.get(metric, metric)}"
                    writer.add_scalar(tag, value, int(steps[-1]), walltime=score.created.timestamp())


def _inputs(training: Manifest) -> str:
    """What the training read, by digest: a table in TensorBoard's Markdown."""
    rows = [f"| {parent.argument} | {parent.stage} | {parent.digest} |" for parent in training.parents]
    return "\n".join(["| input | stage | digest |", "|---|---|---|", *rows])
