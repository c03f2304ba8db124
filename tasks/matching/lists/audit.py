"""What is wrong with a metadata list: keywords that can never match, and keywords that say the same."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from tasks.arrays import Int64s, Keywords
from tasks.matching.concepts import concept_keys
from tasks.matching.spacing.text import BLANKS, PUNCTUATION, spacing
from tasks.matching.spacing.unspaced import pattern

if TYPE_CHECKING:
    from pydantic import JsonValue

    from tasks.matching.config import Spacing

LISTED = 1_000
MOST_ALIKE = 1_000
"""Keywords of one text that a list may hold: a caption that holds one matches them all."""

_SPECIAL = f"[{PUNCTUATION}{BLANKS}]"


@dataclass(frozen=True)
class DeadEntry:
    """A keyword that does not occur in its own spaced text, or is empty.

    `character` kills it (None: it has no words at all). `still_found_in` is a caption in which it occurs all the
    same, if there is one: `"a , b"` is not found in "a , b" (which is spaced with two blanks) but in "a,b".
    """

    entry: int
    text: str
    character: str | None
    reason: str
    still_found_in: str | None

    @property
    def fault(self) -> str:
        """The reason in a phrase, with the character: `'.': spacing puts a space on either side of it`."""
        named = f"{self.character!r}: " if self.character else ""
        found = f', as in "{self.still_found_in}"' if self.still_found_in else ""
        return f"{named}{self.reason}{found}"


@dataclass(frozen=True)
class SameEntry:
    """A keyword that matches exactly where an earlier one, `of`, does."""

    entry: int
    text: str
    of: int
    of_text: str

    @property
    def fault(self) -> str:
        """Which keyword it repeats, in a phrase."""
        return f'the same as entry {self.of}, "{self.of_text}"'


@dataclass(frozen=True)
class MatcherAudit:
    """Faults of a list. `duplicates` repeat a text; `shadowed` have another text that normalising makes equal."""

    entries: int
    dead: tuple[DeadEntry, ...]
    duplicates: tuple[SameEntry, ...]
    shadowed: tuple[SameEntry, ...]

    def as_json(self) -> "dict[str, JsonValue]":
        """The audit for `audit.json` and the report: how many keywords have a fault, and a thousand of each kind.

        Every keyword's own fault stands in `entries.parquet`.
        """
        kinds: dict[str, Sequence[DeadEntry | SameEntry]] = {
            "dead": self.dead,
            "duplicates": self.duplicates,
            "shadowed": self.shadowed,
        }
        return {
            "entries": self.entries,
            "totals": {kind: len(cases) for kind, cases in kinds.items()},
            **{
                kind: [asdict(each) | {"fault": each.fault} for each in cases[:LISTED]] for kind, cases in kinds.items()
            },
        }


def audit_entries(entries: pa.LargeBinaryArray, nodes: Int64s, normalise: str, numbers: Keywords) -> MatcherAudit:
    """Audit a list whose keyword `i` ended at trie node `nodes[i]`, int64 `[n]`.

    Keywords of one node match in the same captions; -1 is a keyword without words after normalising, and less stands
    for the pattern of an unspaced keyword. `numbers` are what the keywords are called.
    """
    texts = entries.cast(pa.large_string())
    if normalise == "metaclip":
        dead = _dead_as_metaclip(texts, numbers, nodes)
    else:
        dead = [
            DeadEntry(int(numbers[place]), texts[place].as_py(), None, "nothing is left of it after normalising", None)
            for place in np.flatnonzero(nodes == -1)
        ]
    require_few_alike(texts, nodes)
    duplicates, shadowed = _same(texts, numbers, nodes)
    return MatcherAudit(len(texts), tuple(dead), tuple(duplicates), tuple(shadowed))


def require_few_alike(texts: pa.LargeStringArray, nodes: Int64s) -> None:
    """Refuse a list of which more than a thousand keywords match in the same captions. Raises `InputError`."""
    held = nodes[nodes != -1]
    alike, counts = np.unique(held, return_counts=True)
    if len(counts) and int(counts.max()) > MOST_ALIKE:
        text = texts[int(np.flatnonzero(nodes == alike[np.argmax(counts)])[0])].as_py()
        raise InputError(
            f"the keyword {text[:80]!r} stands {int(counts.max()):,} times in the metadata list, and every caption "
            f"that holds it would match all of them; leave out repetitions (at most {MOST_ALIKE:,} are taken)"
        )


def _dead_as_metaclip(texts: pa.LargeStringArray, numbers: Keywords, nodes: Int64s) -> list[DeadEntry]:
    # A text without special characters is spaced as it is, with one blank at each end: it always finds itself.
    suspects = pc.or_(pc.match_substring_regex(texts, _SPECIAL), pc.equal(pc.binary_length(texts), 0))
    found = []
    for place in np.flatnonzero(suspects.to_numpy(zero_copy_only=False)):
        entry = texts[int(place)].as_py()
        sought = pattern(entry) if nodes[place] < -1 else f" {entry} "
        if entry == "" or sought not in spacing(entry):
            found.append(_dead(int(numbers[place]), entry, sought))
    return found


def _dead(number: int, entry: str, sought: str) -> DeadEntry:
    """Why `sought`, the keyword with the spaces it asks for, is not in the keyword's own spacing."""
    if entry == "":
        return DeadEntry(number, entry, None, "it is empty: it occurs wherever spacing leaves two blanks", "")
    last_mark = -9
    for place, character in enumerate(sought):
        if character in BLANKS:
            return DeadEntry(number, entry, character, "spacing turns this blank into a space", None)
        if character in PUNCTUATION:
            if sought[place - 1 : place] not in " " or sought[place + 1 : place + 2] not in " ":
                return DeadEntry(number, entry, character, "spacing puts a space on either side of it", None)
            if place - last_mark == 2:
                reason = "spacing puts two spaces between it and the mark before it"
                return DeadEntry(number, entry, character, reason, None)
            last_mark = place
    mark = next(character for character in entry if character in PUNCTUATION)
    reason = "spacing adds a space to each one written here; it is found where the mark stands without spaces"
    return DeadEntry(number, entry, mark, reason, tight_caption(sought))


def tight_caption(sought: str) -> str:
    """A caption whose spacing contains `sought`: without the spaces that spacing puts back."""
    padded = sought
    for mark in PUNCTUATION:
        padded = padded.replace(f" {mark} ", mark)
    # A blank that is left at an end is the one that spacing puts there.
    return padded.removeprefix(" ").removesuffix(" ")


def _same(texts: pa.LargeStringArray, numbers: Keywords, nodes: Int64s) -> tuple[list[SameEntry], list[SameEntry]]:
    """Keywords that share a node with an earlier one: those with the text of an earlier one, and the others."""
    order = np.argsort(nodes, kind="stable")
    grouped = nodes[order]
    repeats = np.flatnonzero((grouped[1:] == grouped[:-1]) & (grouped[1:] != -1)) + 1
    starts = np.maximum.accumulate(np.where(np.r_[True, grouped[1:] != grouped[:-1]], np.arange(len(order)), 0))
    duplicates, shadowed = [], []
    first_with: dict[tuple[int, str], int] = {}
    for rank in repeats:
        place, first = int(order[rank]), int(order[starts[rank]])
        text, first_text = texts[place].as_py(), texts[first].as_py()
        node = int(nodes[place])
        first_with.setdefault((node, first_text), first)
        twin = first_with.setdefault((node, text), place)
        if twin != place:
            duplicates.append(SameEntry(int(numbers[place]), text, int(numbers[twin]), text))
        else:
            shadowed.append(SameEntry(int(numbers[place]), text, int(numbers[first]), first_text))
    return (
        sorted(duplicates, key=lambda each: each.entry),
        sorted(shadowed, key=lambda each: each.entry),
    )


def dead_as_concepts(dead: Sequence[DeadEntry], spacing: "Spacing") -> tuple[DeadEntry, ...]:
    """Of the keywords that no caption can hold, those that no concept can be either: nothing is left of them."""
    keys = concept_keys([each.text for each in dead], spacing) if dead else []
    return tuple(each for each, key in zip(dead, keys, strict=True) if not key)
