"""The engine that runs stages as Prefect tasks."""

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from flows.engine.engine import BlockedError, Follower, Node, node_of
from flows.engine.judgement import Judgement
from flows.naming import artifact_key
from flows.workers.workers import Elsewhere
from storage.atomic import where_writable
from storage.caching.prefect_task import Output, prefect_task
from storage.caching.stage import Stage
from storage.store.staleness import Earlier
from storage.store.store import RECORDS, Store
from storage.store.workspace import Runtime

CACHED = "Cached"  # Prefect's name for the state of a run whose result it found
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _nobody(node: Node, task_run: UUID) -> None:
    """The listener that does nothing."""


class PrefectEngine:
    """Runs stages as Prefect tasks of the current flow run.

    Args:
        runtime: where and with what stages run.
        experiment: the experiment's name, which artifacts are called by.
        ended: told of every stage run and the id of its task run, in the order of submission.
        follower: told of stage runs as they go.
        in_threads: tasks run in threads of this process; else the follower is told of their ends alone.
        judgement: holds what its checks refuse.
        elsewhere: does the work of stages, where not the task itself.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        experiment: str = "",
        ended: Callable[[Node, UUID], None] = _nobody,
        follower: Follower | None = None,
        in_threads: bool = True,
        judgement: Judgement | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._runtime, self._experiment, self._ended = runtime, experiment, ended
        self._judgement = judgement
        self._follower, self._in_threads, self._elsewhere = follower or Follower(), in_threads, elsewhere
        self._earlier = Earlier(Store(runtime.store), before=datetime.now(UTC))
        self._submitted: list[tuple[str, str, PrefectFuture[Output]]] = []
        self._ended_as: dict[str, Node] = {}
        self._told: dict[str, threading.Event] = {}
        self._telling = threading.Lock()
        with where_writable("what Prefect finds again"):  # by Prefect it would be closed to other users of the store
            Store(runtime.store).folder(RECORDS)

    def submit(
        self, stage: Stage, *, label: str, after: Sequence[PrefectFuture[Output]] = (), **inputs: object
    ) -> PrefectFuture[Output]:
        """Submit a task run; the futures among its inputs become the edges of the flow run's graph."""
        make = partial(
            prefect_task,
            stage,
            self._runtime,
            label=label,
            artifact=artifact_key(self._experiment, label),
            earlier=self._earlier,
            admit=None if self._judgement is None else partial(self._judgement.admit, stage.name),
        )
        if self._in_threads:
            began, report = partial(self._follower.started, label), self._follower.report(label)
            task = make(began=began, report=report, elsewhere=self._elsewhere and self._elsewhere.called(label))
        else:
            task = make()
        future = task.submit(**inputs, after=list(after))
        self._told[label] = threading.Event()
        future.add_done_callback(partial(self._tell, label, stage.name))
        self._submitted.append((label, stage.name, future))
        return future

    def finish(self) -> list[Node]:
        """Wait for every task run, a second at a time: an interrupt that comes as a wait begins is noticed after it."""
        nodes = []
        for label, stage, future in self._submitted:
            while not self._told[label].wait(1):
                pass
            node = self._over(label, stage, future)
            self._ended(node, future.task_run_id)
            nodes.append(node)
        return nodes

    def _tell(self, label: str, stage: str, future: PrefectFuture[Any]) -> None:
        """Tell the follower of a task run that ended, whoever waits for it; one that was given up is not told of."""
        try:
            with suppress(CancelledError):
                self._over(label, stage, future)
        finally:
            self._told[label].set()

    def _over(self, label: str, stage: str, future: PrefectFuture[Any]) -> Node:
        """Wait for a task run; what became of it, of which the follower is told the first time."""
        future.wait()
        with self._telling:
            if label not in self._ended_as:
                self._ended_as[label] = self._node(label, stage, future)
                self._follower.ended(self._ended_as[label])
            return self._ended_as[label]

    def _node(self, label: str, stage: str, future: PrefectFuture[Any]) -> Node:
        state = future.state
        outcome = BlockedError(self._held_by(state)) if state.is_pending() else state.result(raise_on_failure=False)
        ended, why = (outcome.manifest, outcome.why) if isinstance(outcome, Output) else (outcome, ())
        # What ran says why; a run that waited while another one made its output has nothing to say.
        return node_of(label, stage, ended, ran=state.name != CACHED and bool(why), why=why)

    def _held_by(self, state: State[Any]) -> str:
        """What an unready run waited for in vain, by its label: Prefect's message has the id of a task run alone."""
        while state.is_pending():
            id_ = next(iter(UUIDS.findall(state.message or "")), "")
            found = [(label, future) for label, _, future in self._submitted if str(future.task_run_id) == id_]
            if not found:
                break
            label, future = found[0]
            if not future.state.is_pending():
                return f"{label}, which it needs, did not complete"
            state = future.state
        return state.message or "what it needs did not complete"
