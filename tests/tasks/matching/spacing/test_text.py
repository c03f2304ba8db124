"""Spacing against MetaCLIP's own sequence of replacements, and what Unicode spacing promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.matching.spacing.characters import BLANK, JOINER, OTHER, WORD, WRAPPED, character_class
from tasks.matching.spacing.text import byte_classes, spacing, spacing_unicode
from tests.tasks.matching.texts import texts


def replaced(text: str) -> str:
    """MetaCLIP's spacing as it is published: one replacement after the other."""
    spaced = f" {text} "
    for mark in [",", ".", ";", ":", "?", "!", "`"]:
        spaced = spaced.replace(mark, f" {mark} ")
    for blank in ["\t", "\n", "\r"]:
        spaced = spaced.replace(blank, " ")
    return spaced


@given(st.one_of(st.text(), texts()))
def test_spacing_is_metaclips(text: str) -> None:
    assert spacing(text) == replaced(text)


def test_spacing_collapses_nothing() -> None:
    assert spacing("a, b") == " a ,  b "


@given(texts())
def test_byte_classes_split_as_spacing_does(text: str) -> None:
    classes = byte_classes(wrap=True)
    tokens, current = [], b""
    for byte in text.encode():
        if classes[byte] == 0:
            current += bytes([byte])
            continue
        tokens.append(current)
        if classes[byte] == 2:
            tokens.append(bytes([byte]))
        current = b""
    tokens.append(current)
    # The published spacing puts a blank on both sides of a mark, so between "a" and "," there is exactly one split.
    assert [token.decode() for token in tokens] == spacing(text)[1:-1].split(" ")


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("", " "),
        (" \t\u00a0\u3000 ", " "),
        ("a,  b", " a , b "),
        ("don’t stop", " don't stop "),
        ("‘quoted’", " ‘ quoted ’ "),
        ("state-of-the-art—or not", " state-of-the-art — or not "),
        ("«Où?»", " « Où ? » "),
        ("e\u0301", " é "),
        ("snake_case C++", " snake_case C++ "),
        ("中文，字", " 中文 ， 字 "),
        ("a\u200bb", " a b "),
    ],
)
def test_unicode_spacing(text: str, spaced: str) -> None:
    assert spacing_unicode(text) == spaced


def test_folding_is_full() -> None:
    assert spacing_unicode("STRASSE Straße ΣΊΣΥΦΟΣ", fold_case=True) == " strasse strasse σίσυφοσ "


@given(st.one_of(st.text(), texts()), st.booleans())
def test_unicode_spacing_again_changes_nothing(text: str, fold_case: bool) -> None:
    once = spacing_unicode(text, fold_case=fold_case)
    assert spacing_unicode(once, fold_case=fold_case) == once


@pytest.mark.parametrize(
    ("character", "kind"),
    [("a", WORD), ("٣", WORD), ("\u0301", WORD), ("_", OTHER), ("+", OTHER), ("😀", OTHER), ("-", JOINER),
     ("’", JOINER), ("`", WRAPPED), ("—", WRAPPED), ("¿", WRAPPED), ("\x00", BLANK), ("\u2028", BLANK), 
     ("\ufeff", BLANK)],
)  # fmt: skip
def test_character_classes(character: str, kind: int) -> None:
    assert character_class(character) == kind
