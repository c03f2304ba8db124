"""Where the work of stage runs is done: in this process, in others of this machine, or on a Ray cluster.

An engine walks the graph here in any case: keys, locks, checks and what is told of a run are the same, and the graph
does not know the difference. What travels is one stage run, of one group of shards in wide stages, so that as many are
under way as the engine has threads (`parallel`), and a group's markers, its output in the store and its checkpoints,
decide what is left to do when a worker is lost. Shards inside a group are not spread: a group is what is cached.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from flows.config.experiment import Experiment
from flows.workers.job import job_of, packed, unpacked
from flows.workers.told import heard
from storage.caching.stage import Stage
from storage.errors import EquipoiseError, memory_fault
from storage.progress import Report, silent
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.store import Store
from storage.store.workspace import Runtime

TRIES = 3
"""How often a stage run is begun whose worker is lost."""


class WorkerLostError(Exception):
    """A worker went away before it answered: killed, out of memory, or its machine is gone. What it says is why."""


class Workers(Protocol):
    """Carries out packed jobs elsewhere, from any thread."""

    def carry_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
        """The packed answer to a packed job of that stage, which people call `label`. Raises `WorkerLostError`."""

    def close(self) -> None:
        """Let the workers go."""


class Elsewhere:
    """Makes outputs of stages by workers; another one takes over where one is lost."""

    def __init__(self, workers: Workers, label: str = "") -> None:
        self._workers, self._label = workers, label

    def called(self, label: str) -> "Elsewhere":
        """The same for one run, that is called so where its work is done."""
        return Elsewhere(self._workers, label)

    def __call__(
        self,
        stage: Stage,
        parts: KeyParts,
        arguments: Mapping[str, object],
        runtime: Runtime,
        report: Report = silent,
    ) -> Manifest:
        """The output of one run, whose key is held by this process. Raises what the stage raises."""
        runtime = runtime.model_copy(update={"store": runtime.store.absolute()})
        job = packed(job_of(stage, parts, arguments, runtime))
        with heard(runtime.store, parts.key, report):
            return self._made(job, stage, parts, runtime)

    def _made(self, job: bytes, stage: Stage, parts: KeyParts, runtime: Runtime) -> Manifest:
        """Carried out, by another worker where one is lost."""
        for left in reversed(range(TRIES)):
            try:
                return unpacked(self._workers.carry_out(job, stage, runtime, self._label or stage.name))
            except MemoryError as error:  # of the worker itself, before the stage or after it
                raise memory_fault(error, stage.name, stage.less_memory) or error from error
            except WorkerLostError as error:
                if found := Store(runtime.store).find(parts.stage, parts.key):
                    return found  # it was lost after it had done its work
                if left:
                    said = "%s: its worker was lost: %s; another one takes over"
                    logging.getLogger("equipoise.workers").warning(said, self._label or stage.name, error)
                else:
                    raise EquipoiseError(
                        f"the worker of {parts.stage}/{parts.key} was lost {TRIES} times, the last time because {error}"
                        f"; if memory ran out, {stage.less_memory}, or lower `parallel`; what is in the store stays"
                    ) from error
        raise AssertionError("unreachable")


@contextmanager
def elsewhere(config: Experiment) -> Iterator[Elsewhere | None]:
    """What a configuration's `runner` asks for, until the run is over; None: this process's own threads.

    Nothing is started before the first run that the store lacks.
    """
    if config.runner not in ("processes", "ray"):
        yield None
        return
    workers = _workers(config)
    try:
        yield Elsewhere(workers)
    finally:
        workers.close()


def _workers(config: Experiment) -> Workers:
    if config.runner == "processes":
        from flows.workers.processes import Processes

        return Processes()
    from flows.workers.cluster import Cluster

    return Cluster(processors=config.parallel * config.workers)
