"""Workers of a Ray cluster that hold a GPU for several runs of a stage, and the model that was loaded for the first.

A process that has computed on a GPU keeps memory of it until it ends, so Ray ends it with its task; each run of a wide
stage would import and load everything again. So these runs are carried out by actors: at most one a GPU of the cluster,
each for one stage. It ends when it has had nothing to do for a few seconds, when a run failed in it, or when another
stage wants its GPU.
"""

import pickle
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from flows.workers.job import carry_out
from flows.workers.lost import answered
from storage.kept import keep

LINGER = 5.0
"""Seconds after which an actor without work gives its GPU back."""


class Holder:
    """What runs there: jobs of one stage, one after another."""

    def __init__(self) -> None:
        keep()

    def carry_out(self, job: bytes) -> bytes:
        """The packed answer to a packed job."""
        return carry_out(job)


@dataclass
class _Held:
    """An actor, whose stage, and since when it has had nothing to do."""

    actor: Any
    stage: str
    idle_since: float = field(default=float("inf"))


class Holders:
    """The actors of a run. Any thread may ask; it waits while others have all GPUs."""

    def __init__(self) -> None:
        self._actors: list[_Held] = []
        self._changed = threading.Condition()

    def carry_out(
        self, job: bytes, stage: str, asked: Mapping[str, Any], label: str, look: Callable[[], None]
    ) -> bytes:
        """The packed answer of an actor that is given what `asked` says. Raises `WorkerLostError`, or what `look` does.

        look: raises where the cluster has no node any more that could start one.
        """
        held = self._take(stage, asked)
        try:
            answer = answered(held.actor.carry_out.options(name=label).remote(job), look)
        except BaseException:
            with self._changed:
                self._end(held)
            raise
        if isinstance(pickle.loads(answer), BaseException):  # a GPU's fault stays with its process: none is used again
            with self._changed:
                self._end(held)
            return answer
        with self._changed:
            held.idle_since = time.monotonic()
            self._changed.notify_all()
        timer = threading.Timer(LINGER, self._end_idle)
        timer.daemon = True
        timer.start()
        return answer

    def close(self) -> None:
        """End all of them."""
        with self._changed:
            for held in list(self._actors):
                self._end(held)

    def _take(self, stage: str, asked: Mapping[str, Any]) -> _Held:
        """An idle actor of the stage, or a new one where there is a GPU for it."""
        with self._changed:
            while True:
                idle = [held for held in self._actors if held.idle_since < float("inf")]
                if mine := next((held for held in reversed(idle) if held.stage == stage), None):
                    mine.idle_since = float("inf")
                    return mine
                if len(self._actors) < _most(asked["num_gpus"]):
                    held = _Held(_started(asked), stage)
                    self._actors.append(held)
                    return held
                if idle:
                    self._end(idle[0])
                else:
                    self._changed.wait()

    def _end(self, held: _Held) -> None:
        import ray

        if held in self._actors:
            self._actors.remove(held)
            with suppress(Exception):  # it may be lost, or the cluster left
                ray.kill(held.actor)
        self._changed.notify_all()

    def _end_idle(self) -> None:
        with self._changed:
            for held in [each for each in self._actors if time.monotonic() - each.idle_since >= LINGER]:
                self._end(held)


def _most(gpus: int) -> int:
    """How many actors the cluster has GPUs for, now."""
    import ray

    return max(1, int(ray.cluster_resources().get("GPU", 0) // gpus))


def _started(asked: Mapping[str, Any]) -> Any:  # noqa: ANN401  Ray's own type
    import ray

    given = {name: each for name, each in asked.items() if name != "max_retries"}
    return ray.remote(Holder).options(**given, max_restarts=0, max_task_retries=0).remote()
