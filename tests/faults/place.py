"""A small experiment in a folder of its own, and processes that run it and may be killed while they do."""

import json
import multiprocessing
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from storage.record.manifest import Manifest
from storage.store.store import Store
from tests.flows.conftest import SMALL

EXPERIMENT: dict[str, Any] = SMALL | {
    "name": "faults",
    "screening": {
        "encoder": {"settings": {"encoder": "pixels", "modality": "image", "pixel_side": 8}},
        "deduplicate": {"content": "pair", "near": 0.05},
        "leakage": {"distance": 0.05, "drop": "images"},
    },
    "sources": [{**SMALL["sources"][0], "repeats": 0.05, "leaks": 0.05}],
}
_PRELOADED = ("tests.faults.child", "flows.run", "flows.graph.build", "tasks.training.task", "tasks.evaluation.task",
              "tasks.geometry.task", "tasks.reporting.task", "tasks.screening.task")  # fmt: skip
_LIMIT = 900.0  # seconds after which a run hangs

Preparation = Callable[[], None]
"""What a process does to itself before it runs: picklable."""


@dataclass(frozen=True)
class Ended:
    """How a process that ran the experiment ended.

    Attributes:
        status: of the process; -9 where it was killed.
        error: the sentence or traceback that it ended with; empty where it did well.
        digests: of every stage run that has an output, by label.
        states: "ran", "cached", "failed" or "blocked", by label.
    """

    status: int
    error: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)

    @property
    def ran(self) -> set[str]:
        """Labels of what was computed."""
        return {label for label, state in self.states.items() if state == "ran"}


def server_of_forks() -> ForkServerContext:
    """Processes that have imported everything and started no thread: forks of it begin in milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_PRELOADED])
    return context


class Place:
    """The experiment, its store and its results, in one folder."""

    def __init__(self, folder: Path, *, store: Path | None = None, changes: Mapping[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, folder / "faults.yaml"
        self.store = Store(store or folder / "store")
        self.configure(changes or {})

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Write the configuration, with some settings of another value than those of `EXPERIMENT`."""
        values = EXPERIMENT | {"output": str(self.folder / "run"), "store": str(self.store.root)} | dict(changes)
        self.config.write_text(yaml.safe_dump(values), encoding="utf-8")

    def copy(self, folder: Path, *, changes: Mapping[str, Any] | None = None) -> "Place":
        """The same with everything in its store, elsewhere; with some settings of another value."""
        place = Place(folder, changes=changes)
        shutil.copytree(self.store.root, place.store.root, dirs_exist_ok=True)
        return place

    def start(self, prepare: Preparation | None = None) -> tuple[Any, Path]:
        """A process that runs the experiment, and the file in which it will say how that ended."""
        from tests.faults.child import run

        said = self.folder / f"ended-{len(list(self.folder.glob('ended-*')))}.json"
        process = server_of_forks().Process(target=run, args=(self.config, prepare, said))
        process.start()
        said.touch()
        return process, said

    def command(self, prepare: Preparation | None = None, settings: Mapping[str, str] = MappingProxyType({})) -> Any:
        """A process that does what `equipoise run` does, with these variables, and says it in `told`."""
        from tests.faults.child import command

        process = server_of_forks().Process(target=command, args=(self.config, prepare, dict(settings), self.told))
        self.told.unlink(missing_ok=True)
        process.start()
        return process

    @property
    def told(self) -> Path:
        """What the last command said."""
        return self.folder / "told"

    def finish(self, process: Any, said: Path) -> Ended:
        """Wait for it."""
        process.join(_LIMIT)
        if process.is_alive():
            process.kill()
            raise AssertionError(f"the run did not end within {_LIMIT:.0f} s")
        told = json.loads(said.read_text() or "{}")
        return Ended(status=process.exitcode, **told)

    def run(self, prepare: Preparation | None = None) -> Ended:
        """Run the experiment in a process of its own, in threads, without a server."""
        return self.finish(*self.start(prepare))

    def forget(self, stage: str) -> None:
        """Take every output of a stage out of the store."""
        shutil.rmtree(self.store.root / stage)

    def forget_one(self, stage: str) -> None:
        """Take a stage's last output out of the store."""
        *_, last = self.outputs(stage)
        self.store.discard(last.stage, last.key)

    def outputs(self, stage: str) -> list[Manifest]:
        """A stage's outputs, oldest first."""
        return list(self.store.manifests(stage))

    def files(self, stage: str, pattern: str = "*") -> list[Path]:
        """Files of the first of a stage's outputs that has such files."""
        found = (self.store.files(output, pattern) for output in self.outputs(stage))
        return next(files for files in found if files)
