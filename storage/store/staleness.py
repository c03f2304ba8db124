"""Why a stage would run: which part of its key differs from the nearest run on record."""

import re
from collections.abc import Callable, Hashable, ItemsView, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pydantic import JsonValue

from storage.record.keys import KeyParts
from storage.store.store import Store

ALIKE = 8
"""Parameters in which a run may differ from another for the two to be compared."""
_NAMED = re.compile(r"(.*\.)?files\[\d+\]")
"""Where a name of a file stands that a run reads, as groups of a source have them."""
_SHOWN = 3
"""New files that are named."""
_UNHELD = object()


@dataclass(frozen=True)
class Made:
    """What a key is made of: the stage's version, the fingerprint of its code, and its arguments in canonical form."""

    version: int
    code: str
    arguments: Mapping[str, JsonValue]


class Earlier:
    """What runs of a store were made of, each stage's read once: who asks why of thousands does not read all for each.

    Args:
        store: that holds them.
        before: only what was made before this moment counts: a run under way is not compared with its own other groups.
    """

    def __init__(self, store: Store, *, before: datetime | None = None) -> None:
        self._store, self._before = store, before
        self._known: dict[str, _Runs] = {}

    def nearest(self, stage: str, now: Made) -> Made | None:
        """Of the stage's runs the one that differs in the fewest places, the newest of equals; None where none is."""
        if stage not in self._known:
            held = self._store.manifests(stage)
            made = [
                Made(each.version, each.code, each.parameters)
                for each in held
                if self._before is None or each.created < self._before
            ]
            self._known[stage] = _Runs(made)
        return self._known[stage].nearest(now)

    def lacks(self, stage: str, file: str) -> bool:
        """Whether none of the stage's runs, whose nearest was asked for, read a file of that name."""
        return file not in self._known[stage].files


class _Runs:
    """Runs of one stage by the places that they are compared by, so that the nearest of thousands is soon found.

    A run that holds none of the k rarest values of what is asked for differs from it in at least k places, and in as
    many more as it has places that are not asked for. What changed is held by nobody, and what did not, such as the
    group of rows that is read, by few: after these the others need not be looked at.
    """

    def __init__(self, made: Sequence[Made]) -> None:
        self._made = made
        self._places = [_compared(each) for each in made]
        self._values = {place for places in self._places for place in places.items()}
        self._kinds: dict[frozenset[str], dict[tuple[str, JsonValue] | None, list[int]]] = {}
        for number, places in enumerate(self._places):
            holders = self._kinds.setdefault(frozenset(places), {})
            for place in (*places.items(), None):  # None is held by all
                holders.setdefault(place, []).append(number)
        self.files = {value for name, value in self._values if _NAMED.fullmatch(name)}
        self._found: dict[Hashable, int] = {}

    def nearest(self, now: Made) -> Made | None:
        """The run that differs in the fewest places, the newest of equals."""
        if not self._made:
            return None
        wanted = _compared(now)
        # From a value that no run has all differ, whatever it is: many groups of new rows are asked for once.
        like = frozenset((name, value if (name, value) in self._values else _UNHELD) for name, value in wanted.items())
        if like not in self._found:
            self._found[like] = self._search(wanted)
        return self._made[self._found[like]]

    def _search(self, wanted: Mapping[str, JsonValue]) -> int:
        fewest, best = len(wanted) + max(map(len, self._places)), 0
        for names, holders in self._kinds.items():
            more, seen = len(names - wanted.keys()), set[int]()
            rarest = sorted((holders.get(place, []) for place in wanted.items()), key=len)
            for passed, numbers in enumerate([*rarest, holders[None]]):
                if more + passed > fewest:
                    break
                for number in set(numbers) - seen:
                    places = _differing(self._places[number].items(), wanted.items())
                    fewest, best = min((fewest, best), (places, number), key=lambda found: (found[0], -found[1]))
                seen.update(numbers)
        return best


def reasons(parts: KeyParts, store: Store, earlier: Earlier | None = None) -> tuple[str, ...]:
    """Why the run described by `parts` is not in the store, a phrase each; empty when it is.

    `earlier` are the store's runs, for who asks more than once.

    The comparison is with the stage's run that differs in the fewest places, the newest of equals:
    `parameter target.t 20 → 50`, `source files changed`, `code changed`, `version 1 → 2`, `… is missing`.
    """
    published = store.read(parts.stage, parts.key)
    if published:
        return store.damage(published)
    now = Made(parts.version, parts.code, parts.arguments)
    earlier = earlier or Earlier(store)
    before = earlier.nearest(parts.stage, now)
    if before is None:
        return ("never run",)
    nearest = _new_files(now, key_differences(before, now), partial(earlier.lacks, parts.stage))
    if sum(each.startswith("parameter ") for each in nearest) > ALIKE:
        return (
            "never run with settings like these",
        )  # the nearest is another experiment's, which tells nobody anything
    return nearest or ("the way keys are made changed",)


def _new_files(now: Made, found: tuple[str, ...], new: Callable[[str], bool]) -> tuple[str, ...]:
    """The differences of a run, those of its files in one phrase where any is new: the nearest run read another."""
    named = [(name, value) for name, value in _flatten(now.arguments).items() if _NAMED.fullmatch(name)]
    fresh = [str(value) for _, value in named if isinstance(value, str) and new(value)]
    if not fresh:
        return found
    # With the files goes all that stands beside their names: which slice of their rows, of how many.
    of_files = ("source files", *(f"parameter {name.rpartition('files[')[0] or 'files['}" for name, _ in named))
    shown = ", ".join(fresh[:_SHOWN]) + (f" and {len(fresh) - _SHOWN} more" if len(fresh) > _SHOWN else "")
    words = f"file {shown} is new" if len(fresh) == 1 else f"files {shown} are new"
    return (words, *(each for each in found if not each.startswith(of_files)))


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


def _compared(made: Made) -> Mapping[str, JsonValue]:
    """What runs are compared by, each place by its name; where an input was made (`….stage`) is none."""
    flat = {name: value for name, value in _flatten(made.arguments).items() if name.rpartition(".")[2] != "stage"}
    return flat | {"/version": made.version, "/code": made.code}


def _differing(one: ItemsView[str, JsonValue], other: ItemsView[str, JsonValue]) -> int:
    """In how many places two runs differ: places of both with unlike values, and those of one alone."""
    return len({name for name, _ in one ^ other})


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
