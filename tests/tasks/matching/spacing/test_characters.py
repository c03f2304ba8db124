"""Classes of characters: the table is the function, and the function the standard library's categories."""

import unicodedata
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.matching.spacing.characters import (
    APOSTROPHES,
    BLANK,
    HYPHENS,
    JOINER,
    OTHER,
    WORD,
    WRAPPED,
    character_class,
    character_classes,
)
from tasks.matching.spacing.text import spacing_unicode
from tasks.matching.spacing.unicode_kernel import respace

CLASSES = character_classes()


@given(st.characters())
def test_the_table_holds_the_class_of_each_character(character: str) -> None:
    assert CLASSES[ord(character)] == character_class(character)


def test_the_planes_that_are_not_looked_at_hold_no_character() -> None:
    outside = [*range(0x40000, 0xE0000), *range(0xF0000, 0x110000)]
    assert {unicodedata.category(chr(point)) for point in outside} <= {"Cn", "Co"}


def test_classes_by_category() -> None:
    assert CLASSES.shape == (0x110000,) and CLASSES.dtype == np.uint8
    assert {character_class(mark) for mark in APOSTROPHES + HYPHENS} == {JOINER}
    assert {character_class(blank) for blank in " \t\n\u00a0\u2028\u200b\ufeff\x00"} == {BLANK}
    assert {character_class(mark) for mark in ".,;:!?`()«»…。、—"} == {WRAPPED}
    assert {character_class(letter) for letter in "aéß中٣\u0301"} == {WORD}
    assert {character_class(symbol) for symbol in "+_😀€\u200d"} == {OTHER}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=4))
def test_the_kernel_is_the_readable_spacing_of_composed_texts(texts: list[str]) -> None:
    composed = [unicodedata.normalize("NFC", text) for text in texts]
    raw = [text.encode() for text in composed]
    values = np.frombuffer(b"".join(raw), dtype=np.uint8)
    spaced, offsets = respace(values, np.cumsum([0, *map(len, raw)], dtype=np.int64), CLASSES)
    found = [bytes(spaced[begin:end]).decode() for begin, end in pairwise(offsets)]
    assert found == [spacing_unicode(text).strip(" ") for text in composed]
