"""One stage run on its way to another process, and what that process does with it.

Only the store and the stage's own module are imported there: no Prefect, no graph, no configuration. What comes back is
the manifest or the error, never a result: results lie in the store.
"""

import importlib
import os
import pickle
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.workers.told import telling
from storage.caching.stage import Stage
from storage.errors import EquipoiseError
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace


@dataclass(frozen=True)
class Job:
    """A stage run whose key is known and held, and whose output the store lacks.

    Attributes:
        module: where the stage is declared, at its top level.
        name: what it is called there.
        parts: what its key is made of.
        arguments: of the stage's function, by name.
        runtime: where and with what it runs.
        folder: the working folder, which relative paths start from.
    """

    module: str
    name: str
    parts: KeyParts
    arguments: Mapping[str, object]
    runtime: Runtime
    folder: Path


def job_of(stage: Stage, parts: KeyParts, arguments: Mapping[str, object], runtime: Runtime) -> Job:
    """The job of one stage run."""
    return Job(stage.function.__module__, stage.function.__qualname__, parts, arguments, runtime, Path.cwd())


def packed(job: Job) -> bytes:
    """A job as bytes; also of values that plain pickle does not know, such as read-only mappings."""
    import cloudpickle

    return bytes(cloudpickle.dumps(job))


def carry_out(content: bytes) -> bytes:
    """Carry out a packed job in this process; packed again, the manifest or the exception. Never raises.

    One of several machines that is not the first answers None when its share is done.
    """
    try:
        return pickle.dumps(_output(pickle.loads(content)))
    except Exception as error:
        return pickle.dumps(_portable(error))


def unpacked(answer: bytes) -> Manifest:
    """The manifest that a job ended with. Raises the exception, if it ended with one."""
    outcome = pickle.loads(answer)
    if isinstance(outcome, BaseException):
        raise outcome
    assert isinstance(outcome, Manifest)
    return outcome


def _output(job: Job) -> Manifest | None:
    if job.folder.is_dir():  # a node that has no such folder can do with absolute paths alone
        os.chdir(job.folder)
    stage = getattr(importlib.import_module(job.module), job.name)
    assert isinstance(stage, Stage)
    if stage.code != job.parts.code:
        raise EquipoiseError(
            f"{os.uname().nodename} has other code of the stage {stage.name} than where the run was started; install "
            "the same version of this project there, and start the cluster again"
        )
    if job.runtime.meeting is not None and job.runtime.meeting.machine > 0:
        _take_part(stage, job)
        return None
    with telling(job.runtime.store, job.parts.key) as report:
        return stage.make(job.parts, job.arguments, job.runtime, report)


def _take_part(stage: Stage, job: Job) -> None:
    """Do this machine's share of a run whose output another machine makes."""
    with tempfile.TemporaryDirectory(prefix="equipoise-part-") as folder:
        work = Workspace(stage.name, job.parts.key, Path(folder), job.runtime)
        stage.function(**job.arguments, work=work)


def _portable(error: Exception) -> Exception:
    """The exception, if it can travel, with where it was raised as a note unless it says so itself."""
    if not isinstance(error, EquipoiseError):
        error.add_note(f"in another process:\n{''.join(traceback.format_exception(error))}")
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}\n{''.join(traceback.format_exception(error))}")
    return error
