"""Who is told of trainings beside this project's own files: TensorBoard, Weights & Biases, MLflow.

All are given the same: open_clip's names for what it logs too, the digests of what was read, and the scores. None of it
enters a key. A tracker that fails says so once, and costs the training nothing.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from storage.record.manifest import Parent

Name = Literal["tensorboard", "wandb", "mlflow"]
PROJECT = "equipoise"


@dataclass(frozen=True)
class Described:
    """A training, as trackers are told of it.

    Attributes:
        experiment: its name; trainings of one experiment stand together.
        label: what people call the training.
        stage: the kind of training.
        key: of its result.
        inputs: what it reads, by digest: the curated shards among it.
        settings: what else its key is made of.
    """

    experiment: str
    label: str
    stage: str
    key: str
    inputs: Sequence[Parent]
    settings: Mapping[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """Everything in one mapping: inputs by digest, settings."""
        read = {f"input/{each.argument}": f"{each.stage}:{each.digest}" for each in self.inputs}
        return {"stage": self.stage, "key": self.key, **read, **self.settings}


class Tracker(Protocol):
    """Told of one training."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Numbers after `step` steps, by open_clip's names."""

    def end(self) -> None:
        """Nothing more comes."""


class Board:
    """TensorBoard's files while the training runs; `tensorboard.py` writes them anew, with all steps, at the end."""

    def __init__(self, training: Described, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(logdir=str(folder), flush_secs=2)

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """A scalar each."""
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)

    def end(self) -> None:
        """Close the file."""
        self._writer.close()


class WandbRun:
    """A run of Weights & Biases; where it goes and whether offline is said by its own variables (`WANDB_MODE`)."""

    def __init__(self, training: Described, folder: Path) -> None:
        import wandb

        folder.mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            group=training.experiment,
            name=training.label,
            config=training.facts,
            dir=str(folder),
            reinit="create_new",
            settings=wandb.Settings(console="off", silent=True),
        )

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """All numbers of a step at once."""
        self._run.log(dict(numbers), step=step)

    def end(self) -> None:
        """The run is over, and sent."""
        self._run.finish()


class MlflowRun:
    """A run of MLflow; it goes where `MLFLOW_TRACKING_URI` says, else below the run's folder."""

    def __init__(self, training: Described, folder: Path) -> None:
        from mlflow.tracking import MlflowClient

        given = os.environ.get("MLFLOW_TRACKING_URI")
        if given is None:
            folder.mkdir(parents=True, exist_ok=True)
        self._client = MlflowClient(tracking_uri=given or f"sqlite:///{folder.absolute()}/mlflow.db")
        found = self._client.get_experiment_by_name(training.experiment)
        experiment = found.experiment_id if found else self._client.create_experiment(training.experiment)
        self._run = self._client.create_run(experiment, run_name=training.label).info.run_id
        for name, value in training.facts.items():
            self._client.log_param(self._run, _allowed(name), str(value)[:6000])

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """A metric each."""
        for name, value in numbers.items():
            self._client.log_metric(self._run, _allowed(name), value, step=step)

    def end(self) -> None:
        """The run is over."""
        self._client.set_terminated(self._run)


def _allowed(name: str) -> str:
    """A name of the characters that MLflow takes."""
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in name)


KINDS: Mapping[Name, Callable[[Described, Path], Tracker]] = {
    "tensorboard": Board,
    "wandb": WandbRun,
    "mlflow": MlflowRun,
}


class Trackers:
    """All trackers of an experiment; each is opened for each training, and given up for good where it fails."""

    def __init__(self, names: Sequence[Name]) -> None:
        self._names = list(dict.fromkeys(names))

    def open(self, training: Described, folders: Mapping[Name, Path]) -> dict[Name, Tracker]:
        """A tracker of each kind for one training; `folders` by kind."""
        opened: dict[Name, Tracker] = {}
        for name in list(self._names):
            made = self._guarded(name, lambda name=name: KINDS[name](training, folders[name]))  # type: ignore[misc]
            if made is not None:
                opened[name] = made
        return opened

    def log(self, opened: Mapping[Name, Tracker], step: int, numbers: Mapping[str, float]) -> None:
        """Tell all that still listen."""
        for name, tracker in opened.items():
            self._guarded(name, lambda tracker=tracker: tracker.log(step, numbers))  # type: ignore[misc]

    def end(self, opened: Mapping[Name, Tracker]) -> None:
        """Nothing more comes."""
        for name, tracker in opened.items():
            self._guarded(name, tracker.end)

    def _guarded(self, name: Name, act: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever it gives
        if name not in self._names:
            return None
        try:
            return act()
        except Exception as error:
            self._names.remove(name)
            said = " ".join(str(error).split())[:300]
            logging.getLogger("equipoise").warning("%s is not told of trainings any more: %s", name, said)
            return None
