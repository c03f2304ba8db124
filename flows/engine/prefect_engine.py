"""The engine that runs stages as Prefect tasks."""

from datetime import UTC, datetime

from prefect.futures import PrefectFuture

from flows.engine.engine import BlockedError, Node, node_of
from storage.caching.prefect_task import Output, prefect_task
from storage.caching.stage import Stage
from storage.store.workspace import Runtime


class PrefectEngine:
    """Runs stages as Prefect tasks of the current flow run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started = datetime.now(UTC)
        self._submitted: list[tuple[str, str, PrefectFuture[Output]]] = []

    def submit(self, stage: Stage, *, label: str, **inputs: object) -> PrefectFuture[Output]:
        """Submit a task run; the futures among its inputs become the edges of the flow run's graph."""
        future = prefect_task(stage, self._runtime, label=label).submit(**inputs)
        self._submitted.append((label, stage.name, future))
        return future

    def finish(self) -> list[Node]:
        """Wait for every task run."""
        nodes = []
        for label, stage, future in self._submitted:
            future.wait()
            state = future.state
            outcome = BlockedError(state.message) if state.is_pending() else state.result(raise_on_failure=False)
            ended = outcome.manifest if isinstance(outcome, Output) else outcome
            nodes.append(node_of(label, stage, self._started, ended))
        return nodes
