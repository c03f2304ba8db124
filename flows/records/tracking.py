"""Trainings as they go on: their journals are read every two seconds, and trackers are told.

A journal lies in the store's scratch directory of the training, so a training in another process is followed as well.
When the training has ended, its whole table and its scores are told; one that came from the cache is no news.
"""

import json
import math
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow.parquet import read_table
from pydantic import JsonValue

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.naming import artifact_key
from flows.records.tensorboard import FOLDER, METRICS, drawn_steps, named, scalars_of, scores_of
from flows.records.trackers import Described, Name, Tracker, Trackers
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest, Parent
from storage.store.store import SCRATCH, Store

STAGES = frozenset({"train", "finetune", "train_heads", "selfsupervise"})
JOURNAL = "journal.jsonl"  # as tasks/training/loop/journal.py calls it; torch is not loaded to know
INTERVAL = 2.0


class Tracking:
    """Follows the trainings of one run."""

    def __init__(self, config: Experiment, *, interval: float = INTERVAL) -> None:
        self._config, self._interval = config, interval
        self._trackers = Trackers(config.trackers)
        self._following: dict[str, _Training] = {}

    def started(self, label: str, parts: KeyParts) -> None:
        """A stage run begins; nothing is done for one that is no training."""
        if parts.stage in STAGES and self._config.trackers:
            self._open(label, parts.stage, parts.key, parts.parents, parts.arguments)

    def ended(self, node: Node) -> None:
        """A stage run is over: every step of a training that ran is told, all of one that ran where nobody followed."""
        made = node.manifest
        if made is not None and node.state == "ran" and node.stage in STAGES and node.label not in self._following:
            self._open(node.label, made.stage, made.key, made.parents, made.parameters)
        if (training := self._following.get(node.label)) is not None:
            training.stop(None if made is None else self._table(made))

    def close(self, nodes: Sequence[Node]) -> None:
        """The run is over: scores are told, and all trackers are."""
        made = [node.manifest for node in nodes if node.manifest]
        models = {node.label: node.manifest for node in nodes}
        for label, training in self._following.items():
            model = models.get(label)
            training.end([] if model is None else scores_of(model, made))
            shutil.rmtree(self._live(label), ignore_errors=True)
        self._following.clear()

    def _open(
        self, label: str, stage: str, key: str, inputs: Sequence[Parent], arguments: Mapping[str, JsonValue]
    ) -> None:
        settings = {name: value for name, value in arguments.items() if name in ("config", "seed")}
        folder = self._config.folder
        described = Described(self._config.name, label, stage, key, inputs, settings)
        folders: dict[Name, Path] = {"tensorboard": self._live(label), "wandb": folder, "mlflow": folder}
        journal = self._config.runtime.store / SCRATCH / key / JOURNAL
        opened = self._trackers.open(described, folders)
        self._following[label] = _Training(self._trackers, opened, journal, self._interval)

    def _live(self, label: str) -> Path:
        """TensorBoard's files of a training that runs; those of the whole, written at the end, take their place."""
        return self._config.folder / FOLDER / artifact_key(label) / "live"

    def _table(self, manifest: Manifest) -> pa.Table:
        return read_table(Store(self._config.runtime.store).directory(manifest.stage, manifest.key) / METRICS)


class _Training:
    """One training: a thread that reads its journal, and the trackers that are told of it."""

    def __init__(self, trackers: Trackers, opened: Mapping[Name, Tracker], journal: Path, interval: float) -> None:
        self._trackers, self._opened, self._journal = trackers, opened, journal
        self._told, self._place = 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(interval,), name="tracking", daemon=True)
        self._thread.start()

    def stop(self, table: pa.Table | None) -> None:
        """The training is over: its table has the steps that no tracker was told of, some of them if they are many."""
        self._over.set()
        self._thread.join()
        for step, numbers in () if table is None else drawn_steps(table):
            self._tell(step, numbers)

    def end(self, scores: Sequence[Manifest]) -> None:
        """Tell the scores, and that nothing more comes."""
        if not self._over.is_set():
            self.stop(None)
        if numbers := {name: value for each in scores for name, value in scalars_of(each).items()}:
            self._trackers.log(self._opened, self._told, numbers)
        self._trackers.end(self._opened)

    def _follow(self, interval: float) -> None:
        while not self._over.wait(interval):
            for line in self._lines():
                numbers = {name: float(value) for name, value in line.items()}
                self._tell(int(numbers.pop("step")), {named(name): value for name, value in numbers.items()})

    def _lines(self) -> list[dict[str, float]]:
        """Whole lines that were added to the journal; all of it where it was begun anew."""
        try:
            with open(self._journal, "rb") as file:
                if file.seek(0, 2) < self._place:
                    self._place = 0
                file.seek(self._place)
                added = file.read()
        except OSError:
            return []
        whole = added[: added.rfind(b"\n") + 1]
        self._place += len(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def _tell(self, step: int, numbers: Mapping[str, float]) -> None:
        finite = {name: value for name, value in numbers.items() if math.isfinite(value)}
        if step > self._told and finite:
            self._told = step
            self._trackers.log(self._opened, step, finite)
