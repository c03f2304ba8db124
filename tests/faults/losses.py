"""Traps in the workers that a run's work is done by, processes or tasks on Ray: they travel there with the jobs."""

import os
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path

from flows.workers import workers
from flows.workers.job import Job
from tests.faults.child import die, meet_at_points

WorkerTrap = Callable[[int], None]
"""What a worker does to itself before its first job; is given the process of its engine. Picklable."""


class OnWorkers:
    """Lays a trap in every worker of this process."""

    def __init__(self, trap: WorkerTrap) -> None:
        self.trap = trap

    def __call__(self) -> None:
        """Have every job bring it along."""
        pack, trap, engine = workers.packed, self.trap, os.getpid()

        def packed(job: Job) -> bytes:
            return pickle.dumps(_Laden(pack(job), trap, engine))

        workers.packed = packed


class _Laden:
    """A packed job with a trap: unpacking it lays the trap, and gives the job."""

    def __init__(self, job: bytes, trap: WorkerTrap, engine: int) -> None:
        self.parts = job, trap, engine

    def __reduce__(self) -> tuple[Callable[..., Job], tuple[bytes, WorkerTrap, int]]:
        return _unladen, self.parts


_laid: list[WorkerTrap] = []


def _unladen(job: bytes, trap: WorkerTrap, engine: int) -> Job:
    if not _laid:
        _laid.append(trap)
        trap(engine)
    unpacked: Job = pickle.loads(job)
    return unpacked


class EachStageOnce:
    """Kills the worker of the first run of every stage, at one of the `POINTS`; a mark in a folder says that it did."""

    def __init__(self, point: str, marks: Path) -> None:
        self.point, self.marks = point, marks

    def __call__(self, engine: int) -> None:
        """Lay the traps."""

        def meet(stage: str, point: str) -> None:
            if point == self.point and marked(self.marks / stage):
                die()

        meet_at_points(meet)


class SignalToEngine:
    """Sends the engine a signal while a worker is in a stage, at one of the `POINTS`, and works on for a minute."""

    def __init__(self, stage: str, point: str, number: signal.Signals, mark: Path) -> None:
        self.stage, self.point, self.number, self.mark = stage, point, number, mark

    def __call__(self, engine: int) -> None:
        """Lay the trap."""

        def meet(stage: str, point: str) -> None:
            if (stage, point) == (self.stage, self.point) and marked(self.mark):
                os.kill(engine, self.number)
                time.sleep(60)

        meet_at_points(meet)


def marked(mark: Path) -> bool:
    """Make a file that says which process was there; False where it exists already."""
    try:
        with mark.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True
