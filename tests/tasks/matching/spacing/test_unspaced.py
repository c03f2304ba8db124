"""MetaCLIP 2's unspaced entries against a plain loop over its patterns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.matching.matcher import KeywordMatcher
from tasks.matching.spacing.text import spacing, spacing_unicode
from tasks.matching.spacing.unspaced import is_unspaced, pattern
from tests.tasks.matching.texts import texts

unspaced_entries = st.lists(
    st.one_of(texts(longest=2), st.sampled_from(["中", "中文", "ก", "cat", "$5", "中 a", "a中", ".", "(x)"])),
    max_size=15,
)


@settings(max_examples=120, deadline=None)
@given(unspaced_entries, st.lists(texts("中文กa b(),$5.", longest=12), max_size=5))
def test_equals_the_plain_loop_over_patterns(entries: list[str], captions: list[str]) -> None:
    found = KeywordMatcher(entries, unspaced_scripts=True).match(captions).to_pylist()
    spaced = [spacing(caption) for caption in captions]
    assert found == [[i for i, entry in enumerate(entries) if pattern(entry) in text] for text in spaced]


def test_inside_words_only_for_scripts_without_spaces() -> None:
    matcher = KeywordMatcher(["文", "at", "文"], unspaced_scripts=True)
    assert matcher.match(["中文字 cat", "at 文"]).to_pylist() == [[0, 2], [0, 1, 2]]
    assert KeywordMatcher(["文"]).match(["中文字", "中 文 字"]).to_pylist() == [[], [0]]


def test_with_unicode_spacing() -> None:
    matcher = KeywordMatcher(["文", "Cat"], "unicode", fold_case=True, unspaced_scripts=True)
    assert matcher.match(["中文，CAT"]).to_pylist() == [[0, 1]]
    assert spacing_unicode("中文，CAT") == " 中文 ， CAT "


@pytest.mark.parametrize(
    ("character", "expected"), [("中", True), ("ก", True), (".", True), ("a", False), ("か", False), (" ", False)]
)
def test_the_scripts_are_metaclips(character: str, expected: bool) -> None:
    assert is_unspaced(character) is expected
