"""Why a stage would run: which part of its key differs from the nearest run on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.store import Store

ALIKE = 8
"""Parameters in which a run may differ from another for the two to be compared."""


def reasons(
    parts: KeyParts, store: Store, *, earlier: Sequence[Manifest] | None = None, before: datetime | None = None
) -> tuple[str, ...]:
    """Why the run described by `parts` is not in the store, a phrase each; empty when it is.

    `earlier` are the stage's manifests, oldest first, for who asks of many runs; None: those of the store.

    The comparison is with the stage's manifest that differs in the fewest places, the newest of equals:
    `parameter target.t 20 → 50`, `source files changed`, `code changed`, `version 1 → 2`, `… is missing`. With `before`
    only what was made before that moment counts: a run under way is not compared with its own other groups.
    """
    published = store.read(parts.stage, parts.key)
    if published:
        return store.damage(published)
    now = Made(parts.version, parts.code, parts.arguments)
    held = store.manifests(parts.stage) if earlier is None else earlier
    known = (each for each in held if before is None or each.created < before)
    differences = [key_differences(Made(each.version, each.code, each.parameters), now) for each in known]
    if not differences:
        return ("never run",)
    nearest = min(reversed(differences), key=len)
    if sum(each.startswith("parameter ") for each in nearest) > ALIKE:
        return (
            "never run with settings like these",
        )  # the nearest is another experiment's, which tells nobody anything
    return nearest or ("the way keys are made changed",)


@dataclass(frozen=True)
class Made:
    """What a key is made of: the stage's version, the fingerprint of its code, and its arguments in canonical form."""

    version: int
    code: str
    arguments: Mapping[str, JsonValue]


def key_differences(earlier: Made, later: Made) -> tuple[str, ...]:
    """Where two runs of one stage differ, a phrase each: version, code, parameters, sources, inputs."""
    found = []
    if earlier.version != later.version:
        found.append(f"version {earlier.version} → {later.version}")
    if earlier.code != later.code:
        found.append("code changed")
    before, now = _flatten(earlier.arguments), _flatten(later.arguments)
    for name in sorted(before.keys() | now.keys()):
        if name in before and name in now and before[name] == now[name]:
            continue
        argument, _, field = name.rpartition(".")
        if field == "digest":
            found.append(f"input {argument} changed")
        elif field == "fingerprint":
            found.append(f"source {argument} changed")
        elif field != "stage":
            found.append(f"parameter {name} {_show(before, name)} → {_show(now, name)}")
    return tuple(found)


def _show(values: Mapping[str, JsonValue], name: str) -> str:
    return str(values[name]) if name in values else "(absent)"


def _flatten(value: JsonValue | Mapping[str, JsonValue], name: str = "") -> dict[str, JsonValue]:
    if isinstance(value, Mapping):
        children = [(f"{name}.{key}" if name else str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        children = [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    else:
        return {name: value}
    return {leaf: item for child, inner in children for leaf, item in _flatten(inner, child).items()}
