"""One stage run by several nodes of a Ray cluster at once: a training whose ranks are spread over machines.

Ray gives the nodes together or not at all (a placement group), so two trainings cannot wait for each other's. Every
node carries out the same job, and meets the others at the address of the first, whose output is the run's. They end
together too: where one is lost the others are ended, and the run begins again from the last checkpoint in the store.
"""

import logging
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flows.workers.job import Job, carry_out, packed
from flows.workers.lost import LOOKS, answered, told_of_loss
from flows.workers.nodes import require_room
from flows.workers.workers import WorkerLostError
from storage.errors import EquipoiseError
from storage.store.workspace import Meeting, Runtime
from tasks.training.distributed.launch import RanksEndedError
from tasks.training.distributed.meeting import free_port

_PATIENCE = 60.0  # seconds for the others when one has ended: Ray may be slow to know that a node is lost
_RETURN = 300.0  # seconds in which a node that was lost may come back


def carry_out_together(
    job: bytes, runtime: Runtime, asked: Mapping[str, Any], label: str, look: Callable[[], None]
) -> bytes:
    """The packed answer of the first of `runtime.machines` nodes; each is asked for what `asked` says.

    Args:
        job: the packed job.
        runtime: how many ranks on how many machines.
        asked: what is asked of each node.
        label: what people call the run.
        look: raises where the whole cluster is gone; called while nothing answers.

    Raises:
        WorkerLostError: a node or its process went away.
        EquipoiseError: the cluster has too few nodes, and none came back within five minutes.
    """
    from ray.util.placement_group import placement_group, remove_placement_group

    part = {"CPU": asked["num_cpus"], "GPU": asked.get("num_gpus", 0)}
    group = placement_group(
        [{name: each for name, each in part.items() if each}] * runtime.machines, strategy="STRICT_SPREAD", name=label
    )
    try:
        _wait_for(group, runtime, look, gpus=part["GPU"])
        where = _at(group, 0, _address, {"num_cpus": 0, "max_retries": 0}, label).remote()
        host, port = pickle.loads(answered(where, look))
        whole: Job = pickle.loads(job)
        answers = []
        for machine in range(runtime.machines):
            meeting = Meeting(host=host, port=port, machine=machine)
            its = replace(whole, runtime=whole.runtime.model_copy(update={"meeting": meeting}))
            answers.append(_at(group, machine, carry_out, asked, label).remote(packed(its)))
        return _answer(answers, look)
    finally:
        remove_placement_group(group)  # ends what still runs there


def _at(group: Any, machine: int, function: Callable[..., Any], asked: Mapping[str, Any], label: str) -> Any:  # noqa: ANN401
    """A function as a task on one of the nodes."""
    import ray
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    there = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=machine)
    return ray.remote(**asked)(function).options(name=label, scheduling_strategy=there)


def _address() -> bytes:
    """Where others reach this node, and a free port of it, packed."""
    import ray.util

    return pickle.dumps((ray.util.get_node_ip_address(), free_port()))


def _wait_for(group: Any, runtime: Runtime, look: Callable[[], None], *, gpus: int) -> None:  # noqa: ANN401
    """Wait until the nodes have room; while the cluster has too few of them at all, for five minutes."""
    lacking: float | None = None
    while not group.wait(LOOKS):
        look()
        try:
            require_room(runtime, gpus=gpus)
        except EquipoiseError as error:
            now = time.monotonic()
            if lacking is None:
                logging.getLogger("equipoise.ray").warning("%s; waiting %.0f s for a node to come back", error, _RETURN)
            lacking = lacking or now
            if now - lacking > _RETURN:
                raise
        else:
            lacking = None


def _answer(tasks: list[Any], look: Callable[[], None]) -> bytes:
    """The first node's answer when all have ended; of several failures the one that says what was wrong.

    Raises `WorkerLostError` where a node does not answer at all, and no other knows why.
    """
    import ray

    answer: bytes | None = None
    failures: list[tuple[Exception, bytes]] = []
    waiting, until = list(tasks), float("inf")
    while waiting and (left := until - time.monotonic()) > 0:
        done, waiting = ray.wait(waiting, timeout=min(left, LOOKS))
        if not done:
            look()
        for task in done:
            with told_of_loss():
                given = bytes(ray.get(task))
            outcome = pickle.loads(given)
            if isinstance(outcome, Exception):
                failures.append((outcome, given))
            elif task == tasks[0]:
                answer = given
            if isinstance(outcome, Exception) or task == tasks[0]:
                until = min(until, time.monotonic() + _PATIENCE)
    if answer is not None:
        return answer
    telling = [given for error, given in failures if not isinstance(error, RanksEndedError)]
    if waiting and not telling:
        raise WorkerLostError(f"a node did not answer, and of another {failures[0][0]}")
    return telling[0] if telling else failures[0][1]
