"""One graph, three ways to walk it: as Prefect task runs, here in threads, or only to see what would run.

The graph (`flows.graph`) calls `engine.submit(stage, label=…, **inputs)` and hands the results on; it never looks at
them. So the flow in the Prefect UI, `--no-server` and `status` cannot disagree about what the pipeline is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from storage.caching.stage import Stage
from storage.record.manifest import Manifest

State = Literal["ran", "cached", "failed", "blocked"]

Ref = Any
"""A stage's result that may not exist yet: a future, a manifest, or a pending place, as the engine has it."""


@dataclass(frozen=True)
class Node:
    """What became of one stage run."""

    label: str
    stage: str
    state: State
    manifest: Manifest | None = None
    error: BaseException | None = None
    why: tuple[str, ...] = ()
    """Why it ran, a phrase each; empty where it did not."""


class Engine(Protocol):
    """Walks a graph of stages."""

    def submit(self, stage: Stage, *, label: str, **inputs: object) -> Ref:
        """Ask for one stage run; the result may be an input of later calls, also inside lists and dataclasses."""

    def finish(self) -> list[Node]:
        """Wait for everything and tell what happened, in the order of submission."""


class BlockedError(Exception):
    """A stage run that could not start because an earlier one failed."""


def node_of(
    label: str, stage: str, started: datetime, outcome: Manifest | BaseException, why: tuple[str, ...] = ()
) -> Node:
    """What became of a run that ended with `outcome`, in a walk that began at `started`."""
    if isinstance(outcome, Manifest):
        reused = outcome.created < started
        return Node(label, stage, "cached" if reused else "ran", manifest=outcome, why=() if reused else why)
    return Node(label, stage, "blocked" if isinstance(outcome, BlockedError) else "failed", error=outcome)
