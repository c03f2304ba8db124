"""The engine that runs nothing: it looks each run up in the store, and says what would run and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flows.engine.engine import Node
from flows.engine.judgement import Judgement
from storage.caching.stage import Stage
from storage.record.manifest import Manifest
from storage.store.staleness import Earlier, reasons
from storage.store.store import Store
from storage.store.workspace import Runtime
from storage.tree import leaves
from tasks.limits import Finding


@dataclass(frozen=True)
class Plan:
    """What would happen to one stage run, and why."""

    label: str
    stage: str
    action: Literal["cached", "run", "wait"]
    reasons: tuple[str, ...]


class Pending:
    """The place of a result that is not in the store. No dataclass: to the walk over inputs it is a leaf."""

    def __init__(self, label: str) -> None:
        self.label = label


class StatusEngine:
    """Runs nothing: looks each run up in the store; a judgement says what its checks would hold."""

    def __init__(self, runtime: Runtime, judgement: Judgement | None = None) -> None:
        self._store, self._judgement = Store(runtime.store), judgement
        self._earlier = Earlier(self._store)
        self.plans: list[Plan] = []
        self.manifests: list[Manifest] = []
        self.missing: list[str] = []
        self.findings: list[tuple[str, str, Finding]] = []

    def submit(
        self, stage: Stage, *, label: str, after: Sequence[Manifest | Pending] = (), **inputs: object
    ) -> Manifest | Pending:
        """The run's manifest, or its place when it would have to run first.

        What is in the store is found there, whatever it would run after.
        """
        if pending := _pending(inputs):
            return self._waits(label, stage, f"waits for {pending.label}")
        if self._judgement and (held := self._judgement.refusal(stage.name, [inputs, list(after)])):
            return self._waits(label, stage, held)
        parts = stage.parts(**inputs)
        found = self._store.find(parts.stage, parts.key)
        if found:
            self.plans.append(Plan(label, stage.name, "cached", ()))
            self.manifests.append(found)
            if self._judgement:
                self.findings += [(label, stage.name, each) for each in self._judgement.of(found)]
            return found
        self.missing.append(parts.key)
        if pending := _pending(after):
            return self._waits(label, stage, f"waits for {pending.label}")
        self.plans.append(Plan(label, stage.name, "run", reasons(parts, self._store, self._earlier)))
        return Pending(label)

    def finish(self) -> list[Node]:
        """Nothing ran."""
        return []

    def _waits(self, label: str, stage: Stage, reason: str) -> Pending:
        self.plans.append(Plan(label, stage.name, "wait", (reason,)))
        return Pending(label)


def _pending(inputs: object) -> Pending | None:
    return next((leaf for _, leaf in leaves(inputs) if isinstance(leaf, Pending)), None)
