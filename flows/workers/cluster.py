"""Workers that are tasks of a Ray cluster: the one that `RAY_ADDRESS` names, or one of this machine alone.

Ray never tries again by itself (`max_retries=0`): a task whose node is lost comes back as `WorkerLostError`, and what
lies in the store decides what is left to do.
"""

import logging
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flows.workers.address import ADDRESS
from flows.workers.gang import carry_out_together
from flows.workers.head import require_head
from flows.workers.holders import Holders
from flows.workers.job import carry_out
from flows.workers.lost import answered
from flows.workers.nodes import require_equal_to_this, require_room
from flows.workers.workers import WorkerLostError
from storage.caching.stage import Stage
from storage.errors import EquipoiseError
from storage.store.workspace import Runtime


class Cluster:
    """Tasks of a cluster, which is asked for at the first job.

    Args:
        processors: of a cluster of this machine alone, where `RAY_ADDRESS` names none.
    """

    def __init__(self, *, processors: int) -> None:
        self._processors = processors
        self._connecting = threading.Lock()
        # What Ray starts here is killed when the thread that started it ends, so that thread is this one's own.
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="cluster")
        self._holders = Holders()
        self._connected = False
        self._fault: EquipoiseError | None = None

    def carry_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
        """The answer of a task of that name, on a node that has room, or on several. Raises `WorkerLostError`."""
        self._connect(runtime)
        try:
            return self._carried_out(job, stage, runtime, label)
        except WorkerLostError:
            self._require_head()
            raise

    def _carried_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
        import ray

        asked = asked_for(stage, runtime)

        def look() -> None:
            self._require_head()
            require_room_for(asked, runtime)

        if stage.over_ranks and runtime.machines > 1:
            return carry_out_together(job, runtime, asked, label, self._require_head)
        if "num_gpus" in asked and not stage.over_ranks:
            return self._holders.carry_out(job, stage.name, asked, label, look)
        return answered(ray.remote(**asked)(carry_out).options(name=label).remote(job), look)

    def _require_head(self) -> None:
        """Raise `EquipoiseError` where the cluster's head is gone, and from now on for every run."""
        try:
            require_head(self._head)
        except EquipoiseError as fault:
            self._fault = fault
            raise

    def close(self) -> None:
        """Leave the cluster; one of this machine alone ends."""
        if self._connected:
            import ray

            self._holders.close()
            ray.shutdown()
        self._keeper.shutdown()

    def _connect(self, runtime: Runtime) -> None:
        """Join the cluster once, and see that its nodes can do the work. Raises `EquipoiseError`, each time."""
        with self._connecting:
            if self._fault is None and not self._connected:
                try:
                    self._keeper.submit(self._join).result()
                    require_room(runtime, gpus=gpus_of(runtime))
                    require_equal_to_this(runtime)
                except EquipoiseError as fault:
                    self._fault = fault
            if self._fault is not None:
                raise self._fault

    def _join(self) -> None:
        import ray

        address = os.environ.get(ADDRESS)
        given: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": self._processors}
        try:
            ray.init(**given, include_dashboard=None if address else False, log_to_driver=False,
                     logging_level=logging.ERROR)  # fmt: skip
        except (ConnectionError, RuntimeError, ValueError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise EquipoiseError(
                f"no Ray cluster answers at {address or 'this machine'}: {said}; look with `ray status`, and if it "
                "asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH as on its nodes"
            ) from error
        self._head: str = ray.get_runtime_context().gcs_address
        self._connected = True


def asked_for(stage: Stage, runtime: Runtime) -> dict[str, Any]:
    """What Ray is asked for by one run of a stage, on each node that it takes.

    Said where a task is declared, not as an option of its call: Ray then ends a process that had a GPU with its task,
    and the memory that torch keeps of that GPU is free.
    """
    gpus = (gpus_of(runtime) if stage.over_ranks else min(1, gpus_of(runtime))) if stage.on_device else 0
    return {"num_cpus": runtime.workers, "max_retries": 0} | ({"num_gpus": gpus} if gpus else {})


def gpus_of(runtime: Runtime) -> int:
    """How many GPUs a training takes of a node: one a rank."""
    return runtime.ranks // runtime.machines if runtime.device.startswith("cuda") else 0


def require_room_for(asked: Mapping[str, int], runtime: Runtime) -> None:
    """Raise `InputError` where no node of the cluster, as it is now, could ever begin a run: the last may be gone."""
    require_room(runtime.model_copy(update={"machines": 1}), gpus=asked.get("num_gpus", 0))
