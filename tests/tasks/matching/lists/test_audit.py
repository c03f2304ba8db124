"""The audit against what the entries do in texts."""

import pytest
from hypothesis import given, settings

from storage.errors import InputError
from tasks.matching.lists.audit import tight_caption
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.spacing.text import spacing
from tests.tasks.matching.texts import SMALL, entry_lists, texts


@settings(deadline=None)
@given(entry_lists())
def test_dead_entries_are_those_that_miss_their_own_text(entries: list[str]) -> None:
    audit = KeywordMatcher(entries).audit()
    expected = [i for i, entry in enumerate(entries) if entry == "" or f" {entry} " not in spacing(entry)]
    assert [dead.entry for dead in audit.dead] == expected
    for dead in audit.dead:
        assert dead.text == entries[dead.entry]
        assert (dead.character is None) == (dead.text == "")
        assert dead.character is None or dead.character in dead.text
        if dead.still_found_in is not None:
            assert f" {dead.text} " in spacing(dead.still_found_in)


@settings(deadline=None, max_examples=150)
@given(texts(SMALL, longest=4), texts(SMALL, longest=6))
def test_what_is_called_unreachable_is_found_nowhere(entry: str, caption: str) -> None:
    for dead in KeywordMatcher([entry]).audit().dead:
        if dead.still_found_in is None:
            for text in (caption, entry, tight_caption(f" {entry} "), caption + entry, entry + caption):
                assert f" {entry} " not in spacing(text)


def test_the_character_that_kills_is_named() -> None:
    audit = KeywordMatcher(["U.S.A.", "St. John", "a\tb", ". .", "a , b", "fine", "a ,  b", ","]).audit()
    assert [(dead.text, dead.character) for dead in audit.dead] == [
        ("U.S.A.", "."), ("St. John", "."), ("a\tb", "\t"), (". .", "."), ("a , b", ","), ("a ,  b", ",")
    ]  # fmt: skip
    assert [dead.still_found_in for dead in audit.dead] == [None, None, None, None, "a,b", "a, b"]


def test_duplicates_name_the_first() -> None:
    audit = KeywordMatcher(["cat", "dog", "cat", "Cat", "cat"]).audit()
    assert [(same.entry, same.of) for same in audit.duplicates] == [(2, 0), (4, 0)]
    assert audit.shadowed == ()


def test_folding_shadows() -> None:
    audit = KeywordMatcher(["cat", "Cat", "cat", "CAT", "Cat"], "unicode", fold_case=True).audit()
    assert [(same.entry, same.text, same.of) for same in audit.shadowed] == [(1, "Cat", 0), (3, "CAT", 0)]
    assert [(same.entry, same.of) for same in audit.duplicates] == [(2, 0), (4, 1)]


def test_unicode_spacing_revives_and_kills() -> None:
    audit = KeywordMatcher(["U.S.A.", "", " \t", "cafe\u0301", "café"], "unicode").audit()
    assert [dead.entry for dead in audit.dead] == [1, 2]
    assert [(same.entry, same.of) for same in audit.shadowed] == [(4, 3)]


def test_unspaced_entries_are_audited_too() -> None:
    audit = KeywordMatcher(["文", "文", "cat", "a,b", "$5.00", "文 , 字", "."], unspaced_scripts=True).audit()
    assert [(same.entry, same.of) for same in audit.duplicates] == [(1, 0)]
    assert [(dead.text, dead.character) for dead in audit.dead] == [("a,b", ","), ("$5.00", "."), ("文 , 字", ",")]
    assert audit.dead[-1].still_found_in == "文,字"


def test_a_list_of_one_word_is_refused_before_anything_is_matched() -> None:
    """A million lines of one word: the audit took minutes, and a caption that held it matched a million keywords."""
    with pytest.raises(InputError, match="'word' stands 1,001 times in the metadata list"):
        KeywordMatcher(["a", *["word"] * 1_001]).audit()
    assert len(KeywordMatcher(["a", *["word"] * 1_000]).audit().duplicates) == 999


def test_the_json_lists_a_thousand_cases_and_counts_all() -> None:
    document = KeywordMatcher([f"{number}." for number in range(1_500)]).audit().as_json()
    assert document["totals"] == {"dead": 1_500, "duplicates": 0, "shadowed": 0}
    assert isinstance(document["dead"], list) and len(document["dead"]) == 1_000
