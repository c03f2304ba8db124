"""One graph, three ways to walk it: as Prefect task runs, here in threads, or only to see what would run.

The graph (`flows.graph`) calls `engine.submit(stage, …)` and hands the results on; it never looks at them. So the flow
in the Prefect UI, `--no-server` and `status` cannot disagree about what the pipeline is.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from prefect.futures import PrefectFuture

from storage.caching.prefect_task import Output, Stage, unwrap
from storage.record.manifest import Manifest
from storage.store.staleness import reasons
from storage.store.store import Store
from storage.store.workspace import Runtime

State = Literal["ran", "cached", "failed", "blocked"]


@dataclass(frozen=True)
class Node:
    """What became of one stage run."""

    label: str
    stage: str
    state: State
    manifest: Manifest | None = None
    error: BaseException | None = None


class Engine(Protocol):
    """Walks a graph of stages."""

    def submit(self, stage: Stage, *args: Any, label: str) -> Any:
        """Ask for one stage run; the result may be passed to later calls, also inside lists."""

    def finish(self) -> list[Node]:
        """Wait for everything and tell what happened, in the order of submission."""


class BlockedError(Exception):
    """A stage run that could not start because an earlier one failed."""


class LocalEngine:
    """Runs stages in this process, without a server."""

    def __init__(self, runtime: Runtime, *, parallel: int, announce: Callable[[str], None] = lambda line: None) -> None:
        self._runtime, self._announce = runtime, announce
        self._started = datetime.now(UTC)
        self._pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="stage")
        self._submitted: list[tuple[str, str, Future[Manifest]]] = []

    def submit(self, stage: Stage, *args: Any, label: str) -> Future[Manifest]:
        """Queue one run. Runs start in the order of submission, so one never waits for a later one."""
        future = self._pool.submit(self._run, stage, args, label)
        self._submitted.append((label, stage.name, future))
        return future

    def _run(self, stage: Stage, args: tuple[Any, ...], label: str) -> Manifest:
        resolved = replace(args, Future, _result)
        manifest = stage.run(*resolved, runtime=self._runtime)
        state = "cached" if manifest.created < self._started else f"ran in {manifest.seconds:.1f} s"
        self._announce(f"{label}: {state}")
        return manifest

    def finish(self) -> list[Node]:
        """Wait for every run."""
        nodes = [_node(label, stage, self._started, future.exception() or future.result())
                 for label, stage, future in self._submitted]  # fmt: skip
        self._pool.shutdown()
        return nodes


class PrefectEngine:
    """Runs stages as Prefect tasks of the current flow run."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started = datetime.now(UTC)
        self._submitted: list[tuple[str, str, PrefectFuture[Output]]] = []

    def submit(self, stage: Stage, *args: Any, label: str) -> PrefectFuture[Output]:
        """Submit a task run; the futures among its arguments become the edges of the flow run's graph."""
        future = stage.task(self._runtime, label=label).submit(*args)
        self._submitted.append((label, stage.name, future))
        return future

    def finish(self) -> list[Node]:
        """Wait for every task run."""
        nodes = []
        for label, stage, future in self._submitted:
            future.wait()
            state = future.state
            outcome = BlockedError(state.message) if state.is_pending() else state.result(raise_on_failure=False)
            nodes.append(_node(label, stage, self._started, outcome))
        return nodes


@dataclass(frozen=True)
class Plan:
    """What would happen to one stage run, and why."""

    label: str
    stage: str
    action: Literal["cached", "run", "wait"]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pending:
    """The place of a result that is not in the store."""

    label: str


class StatusEngine:
    """Runs nothing: looks each run up in the store."""

    def __init__(self, runtime: Runtime) -> None:
        self._store = Store(runtime.store)
        self.plans: list[Plan] = []
        self.manifests: list[Manifest] = []
        self.missing: list[str] = []

    def submit(self, stage: Stage, *args: Any, label: str) -> Manifest | Pending:
        """The run's manifest, or its place when it would have to run first."""
        waits: list[str] = []
        replace(args, Pending, lambda pending: waits.append(pending.label))
        if waits:
            self.plans.append(Plan(label, stage.name, "wait", tuple(f"waits for {name}" for name in waits[:1])))
            return Pending(label)
        parts = stage.parts(*args)
        found = self._store.find(parts.stage, parts.key)
        if found:
            self.plans.append(Plan(label, stage.name, "cached", ()))
            self.manifests.append(found)
            return found
        self.missing.append(parts.key)
        self.plans.append(Plan(label, stage.name, "run", reasons(parts, self._store)))
        return Pending(label)

    def finish(self) -> list[Node]:
        """Nothing ran."""
        return []


def replace(value: Any, kind: type, make: Callable[[Any], Any]) -> Any:
    """The value with every `kind` inside its lists, tuples and mappings replaced by `make(it)`."""
    if isinstance(value, kind):
        return make(value)
    if isinstance(value, list | tuple):
        return type(value)(replace(item, kind, make) for item in value)
    if isinstance(value, Mapping):
        return {name: replace(item, kind, make) for name, item in value.items()}
    return value


def _result(future: Future[Manifest]) -> Manifest:
    if error := future.exception():
        raise BlockedError(str(error)) from error
    return future.result()


def _node(label: str, stage: str, started: datetime, outcome: Any) -> Node:
    outcome = unwrap(outcome)
    if isinstance(outcome, Manifest):
        return Node(label, stage, "cached" if outcome.created < started else "ran", manifest=outcome)
    return Node(label, stage, "blocked" if isinstance(outcome, BlockedError) else "failed", error=outcome)
