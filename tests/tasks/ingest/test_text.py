"""What can be seen: every invisible character of Unicode alone is nothing, and harms no text that it stands in."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.text import is_unicode, is_visible, printable

INVISIBLE = [
    *range(0x200B, 0x2010),  # zero-width space and joiners, marks of direction
    *range(0x202A, 0x202F),  # embeddings and overrides of direction
    *range(0x2060, 0x2070),  # word joiner, invisible operators, isolates of direction
    *range(0xFE00, 0xFE10),  # variation selectors
    *range(0x180B, 0x1810),  # Mongolian variation selectors and vowel separator
    *range(0xE0000, 0xE1000),  # tags, and variation selectors for ideographs
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0, 0x2800),
]


@pytest.mark.parametrize("code", [code for code in INVISIBLE if code < 0xE0000])
def test_each_invisible_character_alone_is_nothing(code: int) -> None:
    assert not is_visible(chr(code))
    assert is_visible(f"{chr(code)}a")


def test_so_is_every_tag_space_and_control_and_any_mixture() -> None:
    blank = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cc", "Zs", "Zl", "Zp")
    ]
    assert not is_visible("".join(blank) + "".join(map(chr, INVISIBLE)))


def test_letters_marks_numbers_punctuation_and_symbols_are_seen() -> None:
    """All but the few that Unicode itself calls ignorable: Hangul fillers, vowels that are not shown, and the like."""
    hidden = set(INVISIBLE)
    seen = [
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code))[0] in "LMNPS" and code not in hidden
    ]
    assert [code for code in seen if not is_visible(chr(code))] == []
    assert len(seen) > 140_000


@pytest.mark.parametrize(
    "text", ["👩\u200d🚀", "می\u200cخواهم", "co\u00adop", "\ufeffa dog", "❤\ufe0f", "\u0600", "\u0301"]
)
def test_texts_that_hold_such_characters_are_seen(text: str) -> None:
    assert is_visible(text)


@given(st.text())
def test_white_space_is_never_seen(text: str) -> None:
    if not text.strip():
        assert not is_visible(text)


@given(st.text(st.characters(), max_size=20))
def test_printable_text_is_unicode_and_unicode_stays_as_it_is(text: str) -> None:
    assert is_unicode(printable(text))
    assert (printable(text) == text) == is_unicode(text)


def test_lone_surrogates_are_no_unicode() -> None:
    assert not is_unicode("a\ud800") and printable("a\ud800") == "a\\ud800"
    assert is_visible("\ud800")  # so that the reason is that it is not UTF-8
