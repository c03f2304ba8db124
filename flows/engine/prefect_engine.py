"""The engine that runs stages as Prefect tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from prefect.futures import PrefectFuture

from flows.engine.engine import BlockedError, Node, node_of
from flows.naming import artifact_key
from storage.caching.prefect_task import Output, prefect_task
from storage.caching.stage import Stage
from storage.store.workspace import Runtime


def _nobody(node: Node, task_run: UUID) -> None:
    """The listener that does nothing."""


class PrefectEngine:
    """Runs stages as Prefect tasks of the current flow run.

    Args:
        runtime: where and with what stages run.
        experiment: the experiment's name, which artifacts are called by.
        ended: told of every stage run and the id of its task run, in the order of submission.
    """

    def __init__(
        self, runtime: Runtime, *, experiment: str = "", ended: Callable[[Node, UUID], None] = _nobody
    ) -> None:
        self._runtime, self._experiment, self._ended = runtime, experiment, ended
        self._started = datetime.now(UTC)
        self._submitted: list[tuple[str, str, PrefectFuture[Output]]] = []

    def submit(self, stage: Stage, *, label: str, **inputs: object) -> PrefectFuture[Output]:
        """Submit a task run; the futures among its inputs become the edges of the flow run's graph."""
        key = artifact_key(self._experiment, label)
        task = prefect_task(stage, self._runtime, label=label, artifact=key, started=self._started)
        future = task.submit(**inputs)
        self._submitted.append((label, stage.name, future))
        return future

    def finish(self) -> list[Node]:
        """Wait for every task run."""
        nodes = []
        for label, stage, future in self._submitted:
            future.wait()
            state = future.state
            outcome = BlockedError(state.message) if state.is_pending() else state.result(raise_on_failure=False)
            ended, why = (outcome.manifest, outcome.why) if isinstance(outcome, Output) else (outcome, ())
            node = node_of(label, stage, self._started, ended, why)
            self._ended(node, future.task_run_id)
            nodes.append(node)
        return nodes
