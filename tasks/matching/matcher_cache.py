"""One compiled matcher for all tasks of a process that use the same list."""

from pathlib import Path
from threading import Lock

import pyarrow.compute as pc

from storage.tables.shards import read_table
from tasks.arrays import Integers
from tasks.matching.arrow import Texts
from tasks.matching.concepts import ConceptMatcher
from tasks.matching.config import Spacing
from tasks.matching.matcher import KeywordMatcher

SPACING = "spacing.json"
"""The file beside `entries.parquet` that says how keywords and captions are spaced."""

_lock = Lock()
_kept: dict[str, KeywordMatcher] = {}


def make_matcher(entries: Texts, spacing: Spacing, numbers: Integers | None = None) -> KeywordMatcher:
    """A matcher with the options of a configuration."""
    return KeywordMatcher(
        entries,
        spacing.normalise,
        fold_case=spacing.fold_case,
        unspaced_scripts=spacing.unspaced_scripts,
        numbers=numbers,
    )


def concept_matcher(metadata: Path) -> ConceptMatcher:
    """What matches the concepts of rows against a `metadata` output."""
    table = read_table(metadata / "entries.parquet", ["entry", "text"])
    spacing = Spacing.model_validate_json((metadata / SPACING).read_text(encoding="utf-8"))
    return ConceptMatcher(table["text"].to_pylist(), spacing, table["entry"].to_numpy())


def shared_matcher(metadata: Path, digest: str) -> KeywordMatcher:
    """The matcher of a `metadata` output, a folder whose content has this digest; built once, then shared.

    Dead keywords stay out: of these only the empty one could be found, in any text with two blanks after spacing.
    Only the list used last is kept.
    """
    with _lock:
        if digest not in _kept:
            table = read_table(metadata / "entries.parquet", ["entry", "text", "status"])
            table = table.filter(pc.not_equal(table["status"], "dead"))
            spacing = Spacing.model_validate_json((metadata / SPACING).read_text(encoding="utf-8"))
            matcher = make_matcher(table["text"], spacing, table["entry"].to_numpy())
            _kept.clear()
            _kept[digest] = matcher
        return _kept[digest]
