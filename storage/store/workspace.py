"""What a running stage sees: where to write, where its inputs lie, and with what it may work."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field

from storage.config import Config, NotInKey
from storage.errors import InputError
from storage.progress import Report, silent
from storage.record.manifest import External, Manifest
from storage.store.store import Store


class Meeting(Config):
    """Where the machines of one stage run meet, and which of them this is."""

    host: str = Field(description="address of machine 0, as the others reach it")
    port: int = Field(ge=1, le=65_535, description="port at that address")
    machine: int = Field(ge=0, description="number of this machine; the output is that of machine 0")


class Runtime(Config):
    """Where and with what stages run. Nothing in it changes a result beyond rounding; none of it enters a key."""

    store: Annotated[Path, NotInKey()] = Field(description="directory of the store")
    device: Annotated[str, NotInKey()] = Field(default="cpu", description="torch device: auto, cpu, cuda, cuda:1, mps")
    workers: Annotated[int, NotInKey()] = Field(default=2, ge=1, description="threads that one stage may use")
    ranks: Annotated[int, NotInKey()] = Field(default=1, ge=1, description="processes that a training is spread over")
    machines: Annotated[int, NotInKey()] = Field(default=1, ge=1, description="machines that these processes are on")
    meeting: Annotated[Meeting | None, NotInKey()] = Field(default=None, description="of several machines: where")


def present_device(asked: str) -> str:
    """The torch device that `auto` is on this machine: a CUDA device, else Apple's, else the processor.

    Torch is loaded for `auto` alone; without it there is the processor.
    """
    if asked != "auto":
        return asked
    if find_spec("torch") is None:
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@dataclass(frozen=True)
class Workspace:
    """One run of one stage."""

    stage: str
    key: str
    output: Path
    runtime: Runtime
    report: Report = silent
    """A long stage tells it how far it is; under Prefect that is a progress artifact."""

    @property
    def device(self) -> str:
        """The torch device to compute on, found on the machine that the stage runs on."""
        return present_device(self.runtime.device)

    @property
    def store(self) -> Store:
        """The store that holds the inputs."""
        return Store(self.runtime.store)

    @property
    def scratch(self) -> Path:
        """A directory for checkpoints: the same for the same key, kept when the run is killed, removed when done."""
        return self.store.scratch(self.key)

    def directory(self, source: Manifest | External) -> Path:
        """Where an input's files lie. Raises `StoreError` where the store's own were altered."""
        if isinstance(source, External):
            return source.local
        self.store.require_sound(source)
        return self.store.directory(source.stage, source.key)

    def path(self, source: Manifest | External, name: str) -> Path:
        """One file of an input. Raises `InputError` where it is missing."""
        path = self.directory(source) / name
        if not path.is_file():
            raise InputError(f"{path} is missing; run `equipoise verify` to find what else is, then run again")
        return path

    def paths(self, source: Manifest | External, pattern: str) -> list[Path]:
        """Files of an input that match a glob pattern, sorted by name; possibly none.

        Of a stage's output those that its manifest names: what a stranger put beside them is not read.
        """
        if isinstance(source, External):
            return sorted(source.local.glob(pattern))
        self.store.require_sound(source)
        return self.store.files(source, pattern)

    def shards(self, sources: Iterable[Manifest], *patterns: str) -> list[Path]:
        """Files of several inputs that match, input by input, each input's sorted by name; possibly none."""
        return [path for source in sources for pattern in patterns for path in self.paths(source, pattern)]

    def log(self, message: str) -> None:
        """A line in the run's log (and in the Prefect UI when there is a server)."""
        logging.getLogger(f"equipoise.{self.stage}").info(message)
