"""Adversarial texts for the matching tests."""

from hypothesis import strategies as st

from tasks.matching.text import BLANKS, PUNCTUATION

SMALL = "ab c" + PUNCTUATION[:3] + BLANKS[:1]
NASTY = SMALL + PUNCTUATION + BLANKS + "\x00é́ǆ中ก😀'’-_"


def texts(alphabet: str = NASTY, longest: int = 40) -> st.SearchStrategy[str]:
    """Texts whose words are few, so that entries are found, and whose blanks and marks are many."""
    words = st.sampled_from(["cat", "a cat", "a", "supercalifragilistic", "x" * 15, "x" * 16, ",", "  ", ", ", ""])
    return st.lists(st.one_of(words, st.text(alphabet, max_size=3), st.just(" ")), max_size=longest).map("".join)


def entry_lists() -> st.SearchStrategy[list[str]]:
    """Metadata lists with repeats, blanks at the ends, wrapped punctuation, and empty entries."""
    return st.lists(st.one_of(texts(longest=3), texts(SMALL, longest=2)), max_size=30)
