"""Adversarial texts for the matching tests, and the definitions to compare with."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tasks.matching.spacing.text import BLANKS, PUNCTUATION, spacing, spacing_unicode

SMALL = "ab c" + PUNCTUATION[:3] + BLANKS[:1]
NASTY = SMALL + PUNCTUATION + BLANKS + "\x00e\u0301éǆßſİ中ก😀'’-‐—_“ \u200b\u00a0ÅΣς"
PIECES = ["cat", "a cat", "a", "Cat", "CAFÉ", "supercalifragilistic", "x" * 15, "x" * 16, "x" * 24, ",", "  ", ", ", ""]


def texts(alphabet: str = NASTY, longest: int = 40) -> st.SearchStrategy[str]:
    """Texts whose words are few, so that entries are found, and whose blanks and marks are many."""
    words = st.one_of(st.sampled_from(PIECES), st.text(alphabet, max_size=3), st.just(" "))
    return st.lists(words, max_size=longest).map("".join)


def entry_lists() -> st.SearchStrategy[list[str]]:
    """Metadata lists with repeats, blanks at the ends, wrapped punctuation, and empty entries."""
    return st.lists(st.one_of(texts(longest=3), texts(SMALL, longest=2)), max_size=30)


def plain_loop(entries: Sequence[str], captions: Sequence[str]) -> list[list[int]]:
    """MetaCLIP's definition: entry by entry, `" e " in spacing(t)`."""
    spaced = [spacing(caption) for caption in captions]
    return [[i for i, entry in enumerate(entries) if f" {entry} " in text] for text in spaced]


def plain_unicode_loop(entries: Sequence[str], captions: Sequence[str], fold_case: bool) -> list[list[int]]:
    """The same with Unicode spacing of both; what has no word matches nothing."""
    keys = [spacing_unicode(entry, fold_case=fold_case) for entry in entries]
    spaced = [spacing_unicode(caption, fold_case=fold_case) for caption in captions]
    return [[i for i, key in enumerate(keys) if key != " " and key in text] for text in spaced]
