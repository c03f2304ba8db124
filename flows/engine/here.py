"""The engine that runs stages in this process, in threads, without a server."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from flows.engine.engine import BlockedError, Node, node_of
from storage.caching.stage import Stage
from storage.record.manifest import Manifest
from storage.store.staleness import reasons
from storage.store.store import Store
from storage.store.workspace import Runtime
from storage.tree import map_tree


class LocalEngine:
    """Runs stages in this process, without a server."""

    def __init__(self, runtime: Runtime, *, parallel: int, announce: Callable[[str], None] = lambda line: None) -> None:
        self._runtime, self._announce = runtime, announce
        self._started = datetime.now(UTC)
        self._pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="stage")
        self._submitted: list[tuple[str, str, Future[Manifest]]] = []
        self._why: dict[str, tuple[str, ...]] = {}

    def submit(self, stage: Stage, *, label: str, **inputs: object) -> Future[Manifest]:
        """Queue one run. Runs start in the order of submission, so one never waits for a later one."""
        future = self._pool.submit(self._run, stage, inputs, label)
        self._submitted.append((label, stage.name, future))
        return future

    def _run(self, stage: Stage, inputs: Mapping[str, object], label: str) -> Manifest:
        resolved: dict[str, Any] = {name: map_tree(value, _resolved) for name, value in inputs.items()}
        self._why[label] = reasons(stage.parts(**resolved), Store(self._runtime.store), before=self._started)
        manifest = stage.run(runtime=self._runtime, **resolved)
        state = "cached" if manifest.created < self._started else f"ran in {manifest.seconds:.1f} s"
        self._announce(f"{label}: {state}")
        return manifest

    def finish(self) -> list[Node]:
        """Wait for every run."""
        nodes = [
            node_of(label, stage, self._started, future.exception() or future.result(), self._why.get(label, ()))
            for label, stage, future in self._submitted
        ]
        self._pool.shutdown()
        return nodes


def _resolved(leaf: object) -> object:
    if not isinstance(leaf, Future):
        return leaf
    if error := leaf.exception():
        raise BlockedError(str(error)) from error
    return leaf.result()
