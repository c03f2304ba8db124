"""What may leave a store: found with regard to every experiment that uses it, named or not."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.config.pipeline import load_experiment
from flows.engine.status import StatusEngine
from flows.graph.build import build
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store import collect as collecting
from storage.store.experiments import Use, ledger_path, uses
from storage.store.experiments import forget as forget_use
from storage.store.store import Store


@dataclass(frozen=True)
class Collection:
    """Garbage of a store, and who keeps the rest.

    Attributes:
        store: the store.
        garbage: what may go.
        others: experiments that were not named, and what of theirs is in the store.
        forgotten: experiments that are forgotten with it.
    """

    store: Store
    garbage: collecting.Garbage
    others: Mapping[Path, tuple[str, Sequence[Manifest]]]
    forgotten: tuple[Use, ...]

    def remove(self) -> int:
        """Remove it; the bytes freed."""
        for use in self.forgotten:
            forget_use(use)
        return collecting.remove(self.store, self.garbage)

    def spared(self) -> Iterator[str]:
        """What was left though the named experiments do not need it, and why."""
        for folder, (name, manifests) in self.others.items():
            gone = "" if folder.exists() else ", whose folder is gone"
            size = sum(each.bytes for each in manifests)
            yield (
                f"kept for {name} ({folder}{gone}): {len(manifests)} outputs, {size:,} bytes; --forget {name} lets go "
                "of those that nobody else needs"
            )
        for reason, number in Counter(self._left()).items():
            yield f"left: {number} {'item' if number == 1 else 'items'} that {reason}"

    def _left(self) -> Iterator[str]:
        for line in self.garbage.left:
            yield line.partition(" ")[2] if line.startswith(str(self.store.root)) else line

    def as_json(self, freed: int | None) -> dict[str, Any]:
        """The same for programs; `freed` is None where nothing was removed."""
        return {
            "store": str(self.store.root),
            "items": [
                {"path": str(item.path), "bytes": item.bytes, "kind": item.kind, "reason": item.reason}
                for item in self.garbage.items
            ],
            "bytes": self.garbage.bytes,
            "freed": freed,
            "kept_for": {name: [each.name for each in manifests] for name, manifests in self.others.values()},
            "left": list(self.garbage.left),
        }


def collect(configs: Sequence[Path], forget: Sequence[str]) -> Collection:
    """Look for garbage; removes nothing.

    Raises `InputError` where the experiments use several stores, or a name to forget is unknown, and `StoreError` where
    it cannot be read what some experiment needs.
    """
    settings = [load_experiment(config) for config in configs]
    stores = {setting.runtime.store.resolve() for setting in settings}
    if len(stores) > 1:
        raise InputError(f"these experiments use {len(stores)} stores; collect each store by itself")
    store = Store(stores.pop())
    engines = [StatusEngine(setting.runtime) for setting in settings]
    for engine, setting in zip(engines, settings, strict=True):
        build(engine, setting, setting.whole)
    named = {ledger_path(store, setting.name, setting.folder) for setting in settings}
    users = [use for use in uses(store) if use.ledger not in named]
    known = {use.name for use in users}
    if unknown := [name for name in forget if name not in known]:
        raise InputError(
            f"no experiment {unknown[0]!r} to forget; the store knows {', '.join(sorted(known)) or 'no other one'}"
        )
    kept = [use for use in users if use.name not in forget]
    others = {use.folder: (use.name, _held(store, use.outputs)) for use in kept}
    folders = {setting.folder.resolve() for setting in settings} | {use.folder for use in users}
    others |= _from_before(store, folders)
    unfinished = {key for engine in engines for key in engine.missing} | {key for use in kept for _, key in use.outputs}
    garbage = collecting.find_garbage(
        store,
        [
            *(manifest for engine in engines for manifest in engine.manifests),
            *(manifest for _, manifests in others.values() for manifest in manifests),
        ],
        unfinished=unfinished,
    )
    return Collection(store, garbage, others, tuple(use for use in users if use.name in forget))


def _held(store: Store, outputs: Sequence[tuple[str, str]]) -> list[Manifest]:
    return [manifest for stage, key in outputs if (manifest := store.read(stage, key))]


def _from_before(store: Store, known: set[Path]) -> dict[Path, tuple[str, list[Manifest]]]:
    """Runs beside the store that entered nothing in it, from before experiments did: what their lineages name."""
    found = {}
    for path in sorted(store.root.parent.glob("*/lineage.json")):
        if path.parent in known:
            continue
        try:
            nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
            outputs = [(node["stage"], node["key"]) for node in nodes if node["digest"]]
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{path} does not say what its run needs; mend it, or remove it with its run") from None
        if manifests := _held(store, outputs):
            found[path.parent] = (path.parent.name, manifests)
    return found
