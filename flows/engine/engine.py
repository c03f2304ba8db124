"""One graph, three ways to walk it: as Prefect task runs, here in threads, or only to see what would run.

The graph (`flows.graph`) calls `engine.submit(stage, label=…, **inputs)` and hands the results on; it never looks at
them. So the flow in the Prefect UI, `--no-server` and `status` cannot disagree about what the pipeline is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from storage.caching.stage import Stage
from storage.errors import EquipoiseError
from storage.progress import Report, silent
from storage.record.keys import KeyParts
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

    def submit(self, stage: Stage, *, label: str, after: Sequence[Ref] = (), **inputs: object) -> Ref:
        """Ask for one stage run; the result may be an input of later calls, also inside lists and dataclasses.

        Args:
            stage: what runs.
            label: what people call it.
            after: results of which it reads nothing, but which must be there, and be passed by the checks, before.
            inputs: of the stage, by name.
        """

    def finish(self) -> list[Node]:
        """Wait for everything and tell what happened, in the order of submission."""


class BlockedError(EquipoiseError):
    """A stage run that could not start because an earlier one failed, or was refused by a check."""


class Follower:
    """Whoever wants to know of a walk while it goes on; told from any thread. This one does nothing of it."""

    def started(self, label: str, parts: KeyParts) -> None:
        """The work of a run begins; nothing is said of one that comes from the cache."""

    def ended(self, node: Node) -> None:
        """A run is over, however it ended."""

    def report(self, label: str) -> Report:
        """Who is told how far a run is."""
        return silent


def node_of(label: str, stage: str, outcome: Manifest | BaseException, *, ran: bool, why: tuple[str, ...] = ()) -> Node:
    """What became of a run; `ran` says whether a manifest was made by it, or had been there before."""
    if isinstance(outcome, Manifest):
        return Node(label, stage, "ran" if ran else "cached", manifest=outcome, why=why if ran else ())
    return Node(label, stage, "blocked" if isinstance(outcome, BlockedError) else "failed", error=outcome)
