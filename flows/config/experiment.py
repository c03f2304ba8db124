"""What every experiment has, whatever it does: a name, a place for its results, and how it runs."""

import os
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, JsonValue, model_validator

from flows.verbs import Verb
from storage.config import Config, stated
from storage.places.local import LocalPath
from storage.store.workspace import Runtime
from tasks.checks import Checks

NAME = r"^\w[\w.-]*$"
"""What may be part of a path: no separator, nothing hidden, no way up."""
DEVICE = r"^(auto|cpu|cuda(:\d{1,3})?|mps)$"


class Experiment(Config):
    """One experiment, as a YAML file in `configs/` describes it."""

    whole: ClassVar[Verb]
    """The verb that does all of it."""
    kind_in_words: ClassVar[str] = "a pipeline"
    """What it is, as messages say it."""

    name: str = Field(pattern=NAME, max_length=100, description="names the run's folder, runs/NAME")
    output: LocalPath | None = Field(default=None, description="where the report goes; default runs/NAME")
    store: LocalPath | None = Field(
        default=None,
        description="where stage outputs live, of all experiments; default $EQUIPOISE_STORE, else `store` beside the "
        "run's folder: runs/store",
    )
    device: str = Field(
        default="cpu",
        pattern=DEVICE,
        description="torch device: cpu, cuda, cuda:1, mps; auto: a CUDA device, Apple's, or the processor",
    )
    workers: int = Field(default=1, ge=1, description="threads that one stage may use")
    parallel: int = Field(default=2, ge=1, description="stage runs at a time")
    runner: Literal["threads", "processes", "ray", "ray_task_runner"] = Field(
        default="threads",
        description="where stages are worked on: threads of this process, processes of this machine, tasks of a Ray "
        "cluster (the one that $RAY_ADDRESS names); ray_task_runner: Prefect's own tasks on Ray, for coarse runs",
    )
    trackers: tuple[Literal["tensorboard", "wandb", "mlflow"], ...] = Field(
        default=("tensorboard",),
        description="who is told of trainings while they run: tensorboard (files in the run's folder), wandb, mlflow "
        "(extras of those names; where they send to is said by their own variables)",
    )
    checks: Checks = Field(default_factory=Checks, description="limits that outputs are held against")

    def computes(self) -> dict[str, JsonValue]:
        """What is asked for, without where and with what: two equal ones have equal results, by the same code.

        Only what differs from the defaults: one that is written out, or that a later version adds, makes no other
        experiment.
        """
        apart = (Experiment.model_fields.keys() | Runtime.model_fields.keys()) - {"name"}
        return {name: value for name, value in stated(self).items() if name not in apart}

    def covers(self, verb: Verb) -> bool:
        """Whether a verb does all that there is to do."""
        return verb == self.whole

    def results(self, verb: Verb) -> Path:
        """Where the report and the lineage of a verb go: those of a part of the experiment lie in a folder of it."""
        return self.folder if self.covers(verb) else self.folder / verb

    @property
    def folder(self) -> Path:
        """Where the report, the summary and the lineage go."""
        return self.output or Path("runs") / self.name

    @property
    def shared_store(self) -> Path:
        """The store of all experiments whose folders lie beside this one's."""
        return self.folder.parent / "store"

    @property
    def uses_own_store(self) -> bool:
        """Whether the store is where it lay before experiments shared one: below the run's folder."""
        own = self.folder / "store"
        return not (self.store or os.environ.get("EQUIPOISE_STORE")) and own.is_dir()

    @property
    def runtime(self) -> Runtime:
        """Where and with what stages run."""
        given = self.store or os.environ.get("EQUIPOISE_STORE")
        store = self.folder / "store" if self.uses_own_store else self.shared_store
        return Runtime(store=Path(given or store), device=self.device, workers=self.workers)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.folder == (self.store or self.shared_store):
            raise ValueError(f"{self.folder} would be both the run's folder and the store; give another `name`")
        return self
