"""What every experiment has, whatever it does: a name, a place for its results, and how it runs."""

import os
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from flows.verbs import Verb
from storage.config import Config
from storage.store.workspace import Runtime


class Experiment(Config):
    """One experiment, as a YAML file in `configs/` describes it."""

    whole: ClassVar[Verb]
    """The verb that does all of it."""

    name: str = Field(pattern=r"^[\w.-]+$", description="names the run's folder, runs/NAME")
    output: Path | None = Field(default=None, description="where the report goes; default runs/NAME")
    store: Path | None = Field(
        default=None, description="where stage outputs live; default $EQUIPOISE_STORE, else OUTPUT/store"
    )
    device: str = Field(default="cpu", description="torch device: cpu, cuda, cuda:1, mps")
    workers: int = Field(default=1, ge=1, description="threads that one stage may use")
    parallel: int = Field(default=2, ge=1, description="stage runs at a time")
    runner: Literal["threads", "ray"] = Field(default="threads", description="where task runs execute")

    @property
    def folder(self) -> Path:
        """Where the report, the summary and the lineage go."""
        return self.output or Path("runs") / self.name

    @property
    def runtime(self) -> Runtime:
        """Where and with what stages run."""
        store = self.store or Path(os.environ.get("EQUIPOISE_STORE") or self.folder / "store")
        return Runtime(store=store, device=self.device, workers=self.workers)
