"""A training stage spread over several processes: `torchrun` starts them, and the first one's output is the stage's.

    ranks: 4        # in the configuration: four processes, one for each GPU
    machines: 2     # two of them on this machine, two on another that does the same (`runner: ray` sees to that)

Every rank runs the stage's own function on its part of each batch; the gradient is that of one process, up to rounding.
The stage's process waits, hands on the progress, and raises what a rank raised. Should it be killed, the ranks end.
Of several machines each has such a process, and its own part of the ranks; the first rank is on the first of them.
"""

import functools
import importlib
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import JsonValue, TypeAdapter

from storage.atomic import write_whole
from storage.children import child_environment
from storage.errors import EquipoiseError, InputError, memory_fault
from storage.record.stats import Figures, as_json
from storage.store.publish import StageFunction
from storage.store.workspace import Runtime, Workspace
from tasks.training.distributed.meeting import describe, environment, options

_SECONDS_BETWEEN_LOOKS = 0.5
_WORDS_OF_THE_LOG = 2_000


class RanksEndedError(EquipoiseError):
    """Ranks ended without saying why; another machine's may have."""


def over_ranks(function: StageFunction) -> StageFunction:
    """The stage's function, run by `work.runtime.ranks` processes where that is more than one.

    A machine that is not the first of several takes part, and returns no figures.
    """

    @functools.wraps(function)
    def run(*args: object, work: Workspace, **kwargs: object) -> Figures:
        if work.runtime.ranks == 1 or own_rank() is not None:
            return function(*args, work=work, **kwargs)
        bound = inspect.signature(function).bind(*args, work=work, **kwargs)
        arguments = {name: value for name, value in bound.arguments.items() if name != "work"}
        with tempfile.TemporaryDirectory(prefix="equipoise-ranks-") as folder:
            return _launch(function, arguments, work, Path(folder))

    run.over_ranks = True  # type: ignore[attr-defined]
    return run


def own_rank() -> int | None:
    """This process's number among those that torchrun started; None for a process that it did not start."""
    rank = os.environ.get("RANK")
    return int(rank) if rank is not None else None


def is_first_rank() -> bool:
    """Whether what this process writes is the stage's output: it is alone, or the first of several ranks."""
    return own_rank() in (None, 0)


def own_scratch(work: Workspace) -> Path:
    """Where this rank may lay out its data: the stage's scratch directory, below it for all ranks but the first."""
    rank = own_rank()
    return work.scratch / f"rank-{rank}" if rank else work.scratch


def _launch(
    function: StageFunction, arguments: Mapping[str, object], work: Workspace, folder: Path
) -> Mapping[str, JsonValue]:
    types = get_type_hints(function)
    request = {
        "function": f"{function.__module__}:{function.__name__}",
        "arguments": {
            name: TypeAdapter(types[name]).dump_python(each, mode="json") for name, each in arguments.items()
        },
        "stage": work.stage,
        "key": work.key,
        "output": str(work.output.resolve()),
        "runtime": work.runtime.model_dump(mode="json") | {"store": str(work.runtime.store.resolve())},
        "parent": os.getpid(),
    }
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", *options(work.runtime)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-m", __name__, str(folder)],
            env=child_environment(**environment(work.runtime)),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        ended = False
        while not ended:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
            ended = process.poll() is not None
            if progress := _read(folder / "progress.json"):
                work.report(*progress)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    first = work.runtime.meeting is None or work.runtime.meeting.machine == 0
    if process.returncode == 0 and (stats := _read(folder / "stats.json") if first else {}) is not None:
        return stats
    if failure := _read(folder / "failure.json"):
        raise (InputError if failure["input"] else EquipoiseError)(failure["message"])
    words = (folder / "log").read_text(encoding="utf-8", errors="replace")[-_WORDS_OF_THE_LOG:]
    met = (folder / "begun").exists()
    raise RanksEndedError(f"{describe(work.runtime, met=met)} ended with status {process.returncode}:\n{words}")


def _read(path: Path) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def main(folder: Path) -> None:
    """One rank: do what the request says; the first rank answers."""
    request = _read(folder / "request.json")
    (folder / "begun").touch()
    threading.Thread(target=_end_with, args=(request["parent"],), daemon=True).start()
    module, name = request["function"].split(":")
    stage: Any = getattr(importlib.import_module(module), name)  # a `Stage`, which only `task.py` knows
    types = get_type_hints(inspect.unwrap(stage.function))
    arguments = {name: TypeAdapter(types[name]).validate_python(each) for name, each in request["arguments"].items()}
    first = own_rank() == 0
    output = Path(request["output"]) if first else folder / f"output-{own_rank()}"
    output.mkdir(exist_ok=True)

    def report(done: int, total: int, line: str) -> None:
        if first:
            write_whole(folder / "progress.json", json.dumps([done, total, line]))

    runtime = Runtime.model_validate(request["runtime"])
    try:
        stats = stage.function(**arguments, work=Workspace(request["stage"], request["key"], output, runtime, report))
    except Exception as error:
        fault = error if isinstance(error, EquipoiseError) else memory_fault(error, stage.name, stage.less_memory)
        if fault:
            failure = {"input": isinstance(fault, InputError), "message": str(fault)}
            write_whole(folder / "failure.json", json.dumps(failure))
        raise
    if first:
        write_whole(folder / "stats.json", json.dumps(as_json(stats)))


def _end_with(parent: int) -> None:
    """End this process once the stage's own is gone."""
    while True:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
