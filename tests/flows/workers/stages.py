"""Stages that processes of other kinds can import: they must stand at the top of a module."""

import os
import resource
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from storage.caching.stage import stage
from storage.errors import InputError
from storage.kept import kept
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.ingest.stats import SurveyStats
from tasks.training.distributed.launch import RanksEndedError


@stage("count", version=1, modules=())
def count(rows: int, names: Any = MappingProxyType({}), *, work: Workspace) -> dict[str, int]:
    """A file of so many lines; negative ones are refused, a thousand are a fault of the program."""
    if rows < 0:
        raise InputError(f"{rows} rows in row 7 of shard 3: give none or more")
    if rows == 1000:
        raise ZeroDivisionError("a fault")
    (work.output / "rows.txt").write_text("row\n" * rows)
    return {"rows": rows, "process": os.getpid()}


@stage("together", version=1, modules=())
def together(parts: Sequence[Manifest], *, work: Workspace) -> dict[str, int]:
    """The sum of several counts."""
    lines = sum(path.read_text().count("\n") for path in work.shards(parts, "rows.txt"))
    (work.output / "sum.txt").write_text(str(lines))
    return {"rows": lines}


@stage("mortal", version=1, modules=())
def mortal(mark: str, deaths: int, *, work: Workspace) -> dict[str, int]:
    """Kills its process so many times, and writes down each; then it does well."""
    path = Path(mark)
    died = path.read_text().count("\n") if path.is_file() else 0
    if died < deaths:
        with path.open("a") as file:
            file.write("died\n")
        os.kill(os.getpid(), signal.SIGKILL)
    (work.output / "alive.txt").write_text("alive")
    return {"died": died}


@stage("endless", version=1, modules=())
def endless(mark: str, *, work: Workspace) -> dict[str, int]:
    """Writes down its process, and works for a minute."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(60)
    return {}


@stage("hungry", version=1, modules=(), less_memory="ask for fewer `megabytes`")
def hungry(megabytes: int, group: str = "", more: int = 0, *, work: Workspace) -> dict[str, int]:
    """Takes so much memory: in a control group, or where it is granted so many megabytes more than it has."""
    if group:
        Path(group, "cgroup.procs").write_text(str(os.getpid()))
    if more:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + (more << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    held = [bytearray(os.urandom(1 << 20)) for _ in range(megabytes)]
    (work.output / "held.txt").write_text(str(len(held)))
    return {"megabytes": len(held)}


@stage("survey", version=1, modules=())
def judged(rows: int, *, work: Workspace) -> SurveyStats:
    """Some rows, under a name that checks know."""
    (work.output / "rows.txt").write_text(str(rows))
    return SurveyStats(rows=rows, sources={}, rejected={})


@stage("loaded", version=1, modules=(), on_device=True)
def loaded(group: int, *, work: Workspace) -> dict[str, int]:
    """Loads a model, if its worker has not kept it; says how often it was loaded there, and in which process it is."""
    loads = Path(f"loads-{os.getpid()}")
    model = kept("model", lambda: loads.open("a").write("loaded\n"))
    (work.output / "vectors.txt").write_text(str(group * model))
    return {"process": os.getpid(), "loads": loads.read_text().count("\n")}


@stage("other", version=1, modules=(), on_device=True)
def other(group: int, *, work: Workspace) -> dict[str, int]:
    """Another stage that wants the GPU; the first time it loses its process."""
    mark = Path(f"died-{group}")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (work.output / "other.txt").write_text(str(group))
    return {"process": os.getpid()}


def shares(what: str, mark: str, *, work: Workspace) -> dict[str, Any]:
    """What each of two machines does: well, or the second one refuses an input, or loses its process once."""
    meeting = work.runtime.meeting
    assert meeting is not None
    if meeting.machine == 1 and what == "refused":
        raise InputError("row 7 of shard 3 is empty: fill it")
    if meeting.machine == 1 and what == "killed" and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if meeting.machine == 0 and what == "refused":
        raise RanksEndedError("the ranks ended with status 1, because another's did")
    (work.output / "share.txt").write_text(str(meeting.machine))
    return {"machine": meeting.machine, "port": meeting.port}


shares.over_ranks = True  # type: ignore[attr-defined]
shared = stage("shared", version=1, modules=())(shares)
"""It is spread over machines as a training is, without ranks."""
shares = shared  # where a worker looks for it


@stage("reader", version=1, modules=())
def reader(parts: Sequence[Manifest], *, work: Workspace) -> dict[str, Any]:
    """Reads others."""
    (work.output / "count.txt").write_text(str(len(parts)))
    return {"count": len(parts)}


@stage("report", version=1, modules=())
def teller(parts: Sequence[Manifest], *, work: Workspace) -> dict[str, Any]:
    """Tells of others."""
    (work.output / "told.txt").write_text("told")
    return {}


@stage("spoken", version=1, modules=())
def spoken(mark: str, *, work: Workspace) -> dict[str, int]:
    """Says that it has begun, goes on when somebody heard it, who makes the mark, and says that it is over."""
    work.report(1, 3, "begun")
    work.log("a line of the log")
    for _ in range(3000):
        if Path(mark).exists():
            break
        time.sleep(0.02)
    else:
        raise TimeoutError("nobody heard it")
    work.report(3, 3, "over")
    (work.output / "said.txt").write_text("said")
    return {}
