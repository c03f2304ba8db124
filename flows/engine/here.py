"""The engine that runs stages in this process, in threads, without a server."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flows.engine.engine import BlockedError, Follower, Node, node_of
from flows.engine.judgement import Judgement
from flows.workers.workers import Elsewhere
from storage.caching.stage import Stage
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.staleness import Earlier, reasons
from storage.store.store import Store
from storage.store.workspace import Runtime
from storage.tree import leaves, map_tree


class LocalEngine:
    """Walks the graph in this process's threads, without a server; a judgement holds what its checks refuse.

    The work of stages is done in the same threads, or `elsewhere`.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        parallel: int,
        follower: Follower | None = None,
        judgement: Judgement | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._runtime, self._follower, self._judgement = runtime, follower or Follower(), judgement
        self._elsewhere = elsewhere
        self._earlier = Earlier(Store(runtime.store), before=datetime.now(UTC))
        self._pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="stage")
        self._submitted: list[tuple[str, str, Future[Manifest]]] = []
        self._why: dict[str, tuple[str, ...]] = {}  # of the runs that computed something

    def submit(
        self, stage: Stage, *, label: str, after: Sequence[Future[Manifest]] = (), **inputs: object
    ) -> Future[Manifest]:
        """Ask for one run. It takes a thread once all that it waits for is over, whenever it was asked for."""
        future: Future[Manifest] = Future()
        self._submitted.append((label, stage.name, future))
        future.add_done_callback(lambda done: self._follower.ended(self._node(label, stage.name, done)))
        work = partial(_fulfil, future, partial(self._run, stage, inputs, label, after))
        _when_over(_futures([inputs, after]), lambda: self._pool.submit(work))
        return future

    def _run(
        self, stage: Stage, inputs: Mapping[str, object], label: str, after: Sequence[Future[Manifest]]
    ) -> Manifest:
        resolved: dict[str, Any] = {name: map_tree(value, _resolved) for name, value in inputs.items()}
        before = [_resolved(each) for each in after]
        if self._judgement is not None:
            self._judgement.admit(stage.name, [*resolved.values(), *before])
        began = partial(self._began, label)
        report = self._follower.report(label)
        there = self._elsewhere and self._elsewhere.called(label)
        return stage.run(runtime=self._runtime, report=report, began=began, elsewhere=there, **resolved)

    def _began(self, label: str, parts: KeyParts) -> None:
        self._why[label] = reasons(parts, Store(self._runtime.store), self._earlier)
        self._follower.started(label, parts)

    def _node(self, label: str, stage: str, done: Future[Manifest]) -> Node:
        outcome = done.exception() or done.result()  # waits: only then is it known whether it began
        return node_of(label, stage, outcome, ran=label in self._why, why=self._why.get(label, ()))

    def finish(self) -> list[Node]:
        """Wait for every run, a second at a time: an interrupt that came just as a wait began is noticed after it."""
        left = {future for *_, future in self._submitted}
        while left:
            left = wait(left, timeout=1).not_done
        nodes = [self._node(*each) for each in self._submitted]
        self._pool.shutdown()
        return nodes


def _futures(tree: object) -> set[Future[Manifest]]:
    return {leaf for _, leaf in leaves(tree) if isinstance(leaf, Future)}


def _when_over(futures: set[Future[Manifest]], then: Callable[[], object]) -> None:
    """Call `then` once, when the last of some futures is over; at once where there is none."""
    left, counting = len(futures) + 1, threading.Lock()

    def one_less(_: object = None) -> None:
        nonlocal left
        with counting:
            left -= 1
            last = left == 0
        if last:
            then()

    for future in futures:
        future.add_done_callback(one_less)
    one_less()


def _fulfil(future: Future[Manifest], work: Callable[[], Manifest]) -> None:
    """Do the work, and let the future be what it came to."""
    try:
        future.set_result(work())
    except BaseException as error:  # as an executor's own futures hold it
        future.set_exception(error)


def _resolved(leaf: object) -> object:
    if not isinstance(leaf, Future):
        return leaf
    if error := leaf.exception():
        raise BlockedError(str(error)) from error
    return leaf.result()
