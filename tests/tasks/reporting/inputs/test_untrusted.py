"""Nothing invisible survives, nothing visible is lost, and long text is cut."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reporting.inputs.untrusted import JOINERS, displayed, legible


@given(st.text(max_size=400), st.integers(2, 100))
def test_always_one_short_visible_line(text: str, limit: int) -> None:
    shown = displayed(text, limit)
    assert len(shown) <= limit
    assert not any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in JOINERS for character in shown
    )
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["a plain caption", "Škoda, 東京, ελληνικά", "👨\u200d👩\u200d👧 family", "עברית שלום", "a < b & c"]
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert displayed(text) == text


def test_controls_are_spelled_out() -> None:
    assert displayed("a\u202eb\u200bc\x00d") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩d"
    assert displayed("a\ud800b") == "a⟨U+D800⟩b"
    assert displayed(" a\t\n  b ") == "a b"


def test_cut() -> None:
    assert displayed("x" * 10_000, 20) == "x" * 19 + "…"
    assert displayed("x" * 20, 20) == "x" * 20


@given(st.text(max_size=100))
def test_legible_text_is_whole_and_moves_no_cursor(text: str) -> None:
    shown = legible(text, breaks=False)
    shown.encode("utf-8")
    assert not any(
        unicodedata.category(character) in ("Cc", "Cf", "Cs") and character not in JOINERS for character in shown
    )
    assert [character for character in text if character.isprintable()] == [
        character for character in text if legible(character) == character and character.isprintable()
    ]
    assert legible("a\tb\nc\r\x1b[2J") == "a\tb\nc⟨U+000D⟩⟨U+001B⟩[2J"
