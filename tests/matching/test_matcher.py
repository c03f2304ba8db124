"""The matcher against MetaCLIP's own loop, against pyahocorasick, and against itself in other shapes."""

import ahocorasick
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests.matching.strategies import entry_lists, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.text import spacing, spacing_unicode


def plain_loop(entries: list[str], captions: list[str]) -> list[list[int]]:
    """MetaCLIP's definition: entry by entry, `" e " in spacing(t)`."""
    return [[i for i, entry in enumerate(entries) if f" {entry} " in spacing(text)] for text in captions]


def plain_unicode(entries: list[str], captions: list[str], fold_case: bool) -> list[list[int]]:
    keys = [spacing_unicode(entry, fold_case=fold_case) for entry in entries]
    spaced = [spacing_unicode(text, fold_case=fold_case) for text in captions]
    return [[i for i, key in enumerate(keys) if key != " " and key in text] for text in spaced]


@settings(max_examples=400, deadline=None)
@given(entry_lists(), st.lists(texts(), max_size=8))
def test_equals_the_plain_loop(entries: list[str], captions: list[str]) -> None:
    assert KeywordMatcher(entries).match(captions).to_pylist() == plain_loop(entries, captions)


@settings(max_examples=200, deadline=None)
@given(entry_lists(), st.lists(texts(), max_size=8), st.booleans())
def test_unicode_equals_the_plain_loop_on_unicode_spacing(
    entries: list[str], captions: list[str], fold_case: bool
) -> None:
    matcher = KeywordMatcher(entries, "unicode", fold_case=fold_case)
    assert matcher.match(captions).to_pylist() == plain_unicode(entries, captions, fold_case)
