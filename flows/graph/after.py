"""Runs that wait for a judgement of what they read: whatever reads pairs waits for the survey over all of them."""

from collections.abc import Sequence

from flows.engine.engine import Engine, Node, Ref
from storage.caching.stage import Stage
from storage.tree import leaves


class After:
    """An engine that has the readers of some results wait for others, which judge those as a whole.

    Args:
        engine: what runs the graph.
        read: results, such as groups of pairs.
        judged: results that say whether those may be used, such as the survey.
    """

    def __init__(self, engine: Engine, read: Sequence[Ref], judged: Sequence[Ref]) -> None:
        self._engine, self._read, self._judged = engine, {id(each) for each in read}, tuple(judged)

    def submit(self, stage: Stage, *, label: str, after: Sequence[Ref] = (), **inputs: object) -> Ref:
        """Ask for one stage run, as the engine does."""
        reads = any(id(leaf) in self._read for _, leaf in leaves(inputs))
        return self._engine.submit(stage, label=label, after=(*after, *(self._judged if reads else ())), **inputs)

    def finish(self) -> list[Node]:
        """Wait for everything."""
        return self._engine.finish()
