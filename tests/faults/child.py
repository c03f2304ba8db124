"""What the processes of these tests run, and what may befall them: everything here is picklable by its name."""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from storage.errors import EquipoiseError
from storage.store import publish
from storage.store.store import Store

POINTS = ("begun", "written", "sealed", "published")
"""Where a stage run is killed: as it begins, its files written, before it gets its name, and after."""


def run(config: Path, prepare: Callable[[], None] | None, said: Path) -> None:
    """Run an experiment and write down how it ended; the exit status is the command line's."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it starts in the background
    os.dup2(os.open(said.with_suffix(".log"), os.O_WRONLY | os.O_CREAT), 2)
    from flows.config.pipeline import load_config
    from flows.run import run_here

    if prepare is not None:
        prepare()
    told: dict[str, Any] = {}
    status = 0
    try:
        nodes = run_here(load_config(config), "pipeline", announce=lambda line: sys.stderr.write(f"{line}\n"))
        told["digests"] = {node.label: node.manifest.digest for node in nodes if node.manifest}
        told["states"] = {node.label: node.state for node in nodes}
    except EquipoiseError as error:
        status, told["error"] = 1, str(error)
    except KeyboardInterrupt:
        status = 130  # as the command line does: other threads end with the process
    except Exception:
        status, told["error"] = 70, traceback.format_exc()
    said.write_text(json.dumps(told))
    sys.stderr.flush()
    os._exit(status)


def command(config: Path, prepare: Callable[[], None] | None, settings: Mapping[str, str], said: Path) -> None:
    """What `equipoise run` does, under the Prefect server that the settings name, or else without one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(settings)
    from flows import command

    if prepare is not None:
        prepare()
    sys.argv[1:] = ["run", str(config), *([] if "PREFECT_API_URL" in settings else ["--no-server"])]
    command.main()


def die() -> None:
    """SIGKILL, to this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def meet_at_points(meet: Callable[[str, str], None]) -> None:
    """Have `meet` called with a stage and a point, at each of the `POINTS` of every stage run of this process."""
    compute, name = publish._compute, Store.publish

    def computed(function: Any, parts: Any, *others: Any) -> Any:
        meet(parts.stage, "begun")

        def written(**arguments: Any) -> Any:
            figures = function(**arguments)
            meet(parts.stage, "written")
            return figures

        return compute(written, parts, *others)

    def published(store: Store, output: Path, manifest: Any) -> None:
        meet(manifest.stage, "sealed")
        name(store, output, manifest)
        meet(manifest.stage, "published")

    publish._compute = computed
    Store.publish = published  # type: ignore[method-assign]


class SignalAt:
    """Sends the process a signal in the first run of a stage, at one of the `POINTS`, and works on for a minute.

    Args:
        stage: in which.
        point: where in it.
        number: the signal.
        mark: a file that is made just before.
    """

    def __init__(self, stage: str, point: str, number: signal.Signals, mark: Path | None = None) -> None:
        self.stage, self.point, self.number, self.mark = stage, point, number, mark

    def __call__(self) -> None:
        """Lay the traps."""
        sent = threading.Lock()

        def meet(stage: str, point: str) -> None:
            if (stage, point) == (self.stage, self.point) and sent.acquire(blocking=False):
                if self.mark is not None:
                    self.mark.touch()
                os.kill(os.getpid(), self.number)
                time.sleep(60)

        meet_at_points(meet)


class Slowly:
    """Holds every run of a stage for some seconds before it begins, so that others meet it at work."""

    def __init__(self, stage: str, seconds: float) -> None:
        self.stage, self.seconds = stage, seconds

    def __call__(self) -> None:
        """Lay the trap."""
        compute = publish._compute

        def computed(function: Any, parts: Any, *others: Any) -> Any:
            if parts.stage == self.stage:
                time.sleep(self.seconds)
            return compute(function, parts, *others)

        publish._compute = computed


class ClockSetBack:
    """The clock goes back by a day in the middle: before the first run of a stage."""

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def __call__(self) -> None:
        """Lay the trap."""
        compute = publish._compute

        class Behind(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) - timedelta(days=1)

        def computed(function: Any, parts: Any, *others: Any) -> Any:
            if parts.stage == self.stage:
                publish.datetime = Behind  # type: ignore[misc]
            return compute(function, parts, *others)

        publish._compute = computed
