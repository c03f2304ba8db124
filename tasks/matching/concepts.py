"""Concepts that a detector saw in pictures, in place of keywords that are looked for in captions.

A concept is a keyword as a whole: both are spaced as the list says, and then have to be equal. Nothing is looked for
inside a label, so that `hot dog` is no `dog`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools, Int64s, Keywords
from tasks.matching.arrow import as_texts
from tasks.matching.spacing.text import spacing
from tasks.matching.spacing.unicode import space_unicode

if TYPE_CHECKING:
    from tasks.matching.config import Spacing


def concept_keys(labels: pa.Array | Sequence[str], how: "Spacing") -> list[str]:
    """What two labels, or a label and a keyword, share where they are the same; empty where nothing is left of one."""
    if how.normalise == "unicode":
        spaced = space_unicode(as_texts(labels, "labels").combine_chunks(), fold_case=how.fold_case)
        return [text.decode().strip(" ") for text in spaced.to_pylist()]
    texts = labels.to_pylist() if isinstance(labels, pa.Array) else labels
    return [spacing(text).strip(" ") for text in texts]


class ConceptMatcher:
    """Which keywords are among the concepts of a row.

    Args:
        entries: the keywords.
        how: their spacing.
        numbers: uint32 `[m]`, what each is called.
    """

    def __init__(self, entries: Sequence[str], how: "Spacing", numbers: Keywords) -> None:
        self._how = how
        self._entries: defaultdict[str, list[int]] = defaultdict(list)
        for key, number in zip(concept_keys(entries, how), numbers.tolist(), strict=True):
            if key:
                self._entries[key].append(number)

    def match(self, concepts: pa.Array | pa.ChunkedArray, threshold: float | None = None) -> pa.LargeListArray:
        """The keywords of every row, as `KeywordMatcher.match` gives them: uint32, ascending, each once.

        Args:
            concepts: `[n]` lists of `schemas.CONCEPT`; null: none.
            threshold: concepts of a lower score do not count; those without a score do.
        """
        owner, labels = counted(concepts, threshold)
        coded = labels.dictionary_encode()
        keys = concept_keys(coded.dictionary, self._how) if len(labels) else []
        found = [self._entries.get(key, ()) for key in keys]
        lengths = np.array([len(numbers) for numbers in found], np.int64)
        starts = np.cumsum(lengths) - lengths
        held = np.array([number for numbers in found for number in numbers], np.uint64)
        codes = coded.indices.to_numpy().astype(np.int64)
        counts = lengths[codes] if len(codes) else np.zeros(0, np.int64)
        row = np.repeat(owner, counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        entry = held[np.repeat(starts[codes] if len(codes) else counts, counts) + within]
        pairs = np.unique(row.astype(np.uint64) << np.uint64(32) | entry)
        ends = np.searchsorted(pairs >> np.uint64(32), np.arange(len(concepts), dtype=np.uint64), side="right")
        offsets = pa.array(np.concatenate([[0], ends]).astype(np.int64))
        values = (pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        return pa.LargeListArray.from_arrays(offsets, pa.array(values, pa.uint32()))


def counted(concepts: pa.Array | pa.ChunkedArray, threshold: float | None) -> tuple[Int64s, pa.Array]:
    """The rows of all concepts that count, int64, and their labels."""
    whole = concepts.combine_chunks() if isinstance(concepts, pa.ChunkedArray) else concepts
    lengths = pc.fill_null(pc.list_value_length(whole), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    owner, items = np.repeat(np.arange(len(whole)), lengths), whole.flatten()
    labels = pc.struct_field(items, "label")
    if threshold is None:
        return owner, labels
    sure = pc.greater_equal(pc.struct_field(items, "score"), pa.scalar(np.float32(threshold), pa.float32()))
    kept: Bools = pc.fill_null(sure, True).to_numpy(zero_copy_only=False)
    return owner[kept], labels.filter(pa.array(kept))


@dataclass(frozen=True)
class Detected:
    """The concepts of a corpus.

    Attributes:
        rows: lists of `schemas.CONCEPT`, a block of rows at a time.
        spacing: which labels are the same.
        threshold: as `ConceptMatcher.match` has it.
    """

    rows: Iterable[pa.Array]
    spacing: "Spacing"
    threshold: float | None = None

    def frequent(self, *, minimum_count: int, limit: int) -> list[str]:
        """The concepts of at least `minimum_count` rows, the most frequent first, ties by text; at most `limit`.

        Labels that spacing makes equal count as one, under the spelling that is the most frequent.
        """
        return _frequent(self, minimum_count, limit)


def _frequent(detected: Detected, minimum_count: int, limit: int) -> list[str]:
    counts: Counter[str] = Counter()
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for block in detected.rows:
        owner, labels = counted(block, detected.threshold)
        if not len(labels):
            continue
        coded = labels.dictionary_encode()
        texts, keys = coded.dictionary.to_pylist(), concept_keys(coded.dictionary, detected.spacing)
        codes = coded.indices.to_numpy().astype(np.int64)
        for code, many in enumerate(np.bincount(codes, minlength=len(texts)).tolist()):
            spellings[keys[code]][texts[code]] += many
        same = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        merged = np.array([same[key] for key in keys])[codes]
        distinct = np.unique(owner * len(same) + merged) % len(same)
        for key, many in zip(same, np.bincount(distinct, minlength=len(same)).tolist(), strict=True):
            counts[key] += many
    names = {key: min(spellings[key].items(), key=lambda each: (-each[1], each[0]))[0] for key in counts if key}
    kept = [(names[key], many) for key, many in counts.items() if key and many >= minimum_count]
    return [name for name, _ in sorted(kept, key=lambda each: (-each[1], each[0]))[:limit]]
