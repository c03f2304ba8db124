"""Checks while a graph is walked: outputs are judged by an experiment's limits, and what an error is found in is held.

An output is judged where it is used, from its manifest, whether it was computed or came from the cache; so a refused
output stops what would read it, in whatever thread or process that would run, and stays in the store as evidence.
"""

from pathlib import Path

from flows.engine.engine import BlockedError
from storage.errors import StoreError
from storage.record.manifest import Manifest
from storage.store.store import Store
from storage.tree import leaves
from tasks.checks import Checks, judge
from tasks.limits import Finding

TELLERS = frozenset({"report", "selfsupervised_report"})
"""Stages that only tell of the others: they run whatever the checks say, since they show it."""


class Judgement:
    """Judges outputs of a store, each once."""

    def __init__(self, checks: Checks, store: Path) -> None:
        self._checks, self._store = checks, store
        self._known: dict[tuple[str, str], tuple[Finding, ...]] = {}

    def of(self, manifest: Manifest) -> tuple[Finding, ...]:
        """What the checks say of an output; one that cannot be read is refused."""
        place = (manifest.stage, manifest.key)
        if place not in self._known:
            try:
                found = judge(self._checks, manifest, Store(self._store).directory(*place))
            except (StoreError, OSError, ValueError, KeyError) as error:
                found = (Finding("readable", "error", False, f"{manifest.name} cannot be judged: {error}"),)
            self._known[place] = found
        return self._known[place]

    def refusal(self, stage: str, inputs: object) -> str | None:
        """Why a run of `stage` may not begin with these inputs, or None."""
        if stage in TELLERS:
            return None
        manifests = (leaf for _, leaf in leaves(inputs) if isinstance(leaf, Manifest))
        return next((sentence for each in manifests if (sentence := self._refused(each))), None)

    def admit(self, stage: str, inputs: object) -> None:
        """Raise `BlockedError` where a check refuses an input of a run that would begin."""
        if sentence := self.refusal(stage, inputs):
            raise BlockedError(sentence)

    def _refused(self, manifest: Manifest) -> str | None:
        found = next((each for each in self.of(manifest) if each.refuses), None)
        return f"held by the check {found.check} of {manifest.stage}: {found.said}" if found else None
