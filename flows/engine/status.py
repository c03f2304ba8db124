"""The engine that runs nothing: it looks each run up in the store, and says what would run and why."""

from dataclasses import dataclass
from typing import Literal

from flows.engine.engine import Node
from storage.caching.stage import Stage
from storage.record.manifest import Manifest
from storage.store.staleness import reasons
from storage.store.store import Store
from storage.store.workspace import Runtime
from storage.tree import leaves


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
    """Runs nothing: looks each run up in the store."""

    def __init__(self, runtime: Runtime) -> None:
        self._store = Store(runtime.store)
        self._earlier: dict[str, list[Manifest]] = {}
        self.plans: list[Plan] = []
        self.manifests: list[Manifest] = []
        self.missing: list[str] = []

    def submit(self, stage: Stage, *, label: str, **inputs: object) -> Manifest | Pending:
        """The run's manifest, or its place when it would have to run first."""
        pending = next((leaf for _, leaf in leaves(inputs) if isinstance(leaf, Pending)), None)
        if pending:
            self.plans.append(Plan(label, stage.name, "wait", (f"waits for {pending.label}",)))
            return Pending(label)
        parts = stage.parts(**inputs)
        found = self._store.find(parts.stage, parts.key)
        if found:
            self.plans.append(Plan(label, stage.name, "cached", ()))
            self.manifests.append(found)
            return found
        self.missing.append(parts.key)
        if parts.stage not in self._earlier:
            self._earlier[parts.stage] = list(self._store.manifests(parts.stage))
        self.plans.append(
            Plan(label, stage.name, "run", reasons(parts, self._store, earlier=self._earlier[parts.stage]))
        )
        return Pending(label)

    def finish(self) -> list[Node]:
        """Nothing ran."""
        return []
