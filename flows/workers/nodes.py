"""Whether the nodes of a cluster can do the work: room for one stage run, and the store as this machine sees it."""

import logging
import os
import uuid
from pathlib import Path
from typing import Any

from flows.workers.lost import told_of_loss
from flows.workers.workers import WorkerLostError
from storage.errors import InputError, StoreError
from storage.store.lock import locked
from storage.store.store import TEMPORARY
from storage.store.workspace import Runtime

_PATIENCE = 60.0  # seconds in which every node must have looked


def require_room(runtime: Runtime, *, gpus: int) -> None:
    """Raise `InputError` where no node could ever begin a stage run: it would wait for ever."""
    import ray

    alive: list[dict[str, Any]] = [node for node in ray.nodes() if node["Alive"]]
    most = max((node["Resources"].get("CPU", 0) for node in alive), default=0)
    if most < runtime.workers:
        raise InputError(
            f"`workers` is {runtime.workers}, but no node of the Ray cluster has more than {most:.0f} processors; "
            "lower it"
        )
    held = max((node["Resources"].get("GPU", 0) for node in alive), default=0)
    if runtime.device == "auto" and held:
        raise InputError(
            "`device` is auto, and the Ray cluster has GPUs; name cuda or cpu, because a run gets the GPUs that it "
            "asks for"
        )
    if held < gpus:
        raise InputError(
            f"`device` is {runtime.device} and a training takes {gpus}, but no node of the Ray cluster has more than "
            f"{held:.0f} GPUs"
        )
    able = [node for node in alive if _has(node, CPU=runtime.workers, GPU=gpus)]
    if len(able) < runtime.machines:
        share = f"{runtime.workers} processors (`workers`){f' and {gpus} GPUs' if gpus else ''}"
        raise InputError(
            f"`machines` is {runtime.machines}, but {len(able)} of the Ray cluster's {len(alive)} nodes have the "
            f"{share} that a training takes of each; start more nodes, or lower `machines`"
        )


def _has(node: dict[str, Any], **asked: int) -> bool:
    return all(node["Resources"].get(name, 0) >= least for name, least in asked.items())


def require_equal_to_this(runtime: Runtime) -> None:
    """Raise `StoreError` unless every node sees, at the store's path, what this machine writes, and writes there.

    Each node reads a file of this machine, renames one of its own, and says whether it sees this machine's lock. A lock
    that is not seen is no error: two runs may then compute one thing twice, and the first to publish stays.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    folder = runtime.store / TEMPORARY
    folder.mkdir(parents=True, exist_ok=True)
    here = folder / f"seen-{uuid.uuid4().hex}"
    asked = {}
    try:
        here.write_text(here.name)
        with locked(here.with_suffix(".lock")):
            for node in ray.nodes():
                if node["Alive"]:
                    there = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
                    task = ray.remote(look).options(num_cpus=0, max_retries=0, scheduling_strategy=there)
                    asked[task.remote(str(here))] = node
            done, late = ray.wait(list(asked), num_returns=len(asked), timeout=_PATIENCE)
            for answer in done:
                _require(_seen(answer, asked[answer], runtime.store), asked[answer], runtime.store)
            for answer in late:
                raise StoreError(
                    f"{_named(asked[answer])} did not look at the store {runtime.store} within {_PATIENCE:.0f} s; see "
                    "whether its file system hangs (`df`), or take the node out of the cluster"
                )
    finally:
        for left in folder.glob(f"{here.name}*"):
            left.unlink(missing_ok=True)


def _seen(answer: Any, node: dict[str, Any], store: Path) -> tuple[str, bool]:  # noqa: ANN401 - a reference of Ray's
    """What a node answers. Raises `StoreError` where the task was lost."""
    import ray

    try:
        with told_of_loss():
            seen: tuple[str, bool] = ray.get(answer)
    except WorkerLostError as error:
        raise StoreError(
            f"{_named(node)} could not look at the store {store}: {error}; run the same command again, or take the "
            "node out of the cluster"
        ) from error
    return seen


def look(path: str) -> tuple[str, bool]:
    """What a node sees: "" if all is well, else what it lacks; and whether it sees that this machine holds the lock."""
    here = Path(path)
    try:
        if here.read_text() != here.name:
            return "reads something else there", False
        mine = here.with_name(f"{here.name}-{uuid.uuid4().hex}")
        mine.mkdir()
        os.replace(mine, mine.with_suffix(".renamed"))
        mine.with_suffix(".renamed").rmdir()
    except OSError as error:
        return f"cannot use it ({error.strerror}: {error.filename})", False
    with locked(here.with_suffix(".lock"), wait=False) as free:
        return "", not free


def _require(seen: tuple[str, bool], node: dict[str, Any], store: Path) -> None:
    said, locks = seen
    if said:
        raise StoreError(
            f"{_named(node)} does not see the store {store} as this machine does: it {said}; put the store where every "
            "node has it at the same path, with the same permissions (docs/urls.md)"
        )
    if not locks:
        logging.getLogger("equipoise.store").warning(
            "%s does not see this machine's locks in %s: of two runs on different machines that want one result, both "
            "compute it (docs/urls.md)",
            _named(node),
            store,
        )


def _named(node: dict[str, Any]) -> str:
    return f"the Ray node {node.get('NodeName') or node['NodeManagerAddress']}"
