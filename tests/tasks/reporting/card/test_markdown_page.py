"""The card of a hostile curation: everything is told, and nothing of what came in is markup."""

import re
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tasks.reporting.card.facts import CardFacts, card_facts
from tasks.reporting.card.markdown_page import card_markdown
from tasks.reporting.config import CardConfig
from tasks.reporting.inputs.stage_outputs import Curation, Screening
from tasks.reporting.inputs.untrusted import displayed, markdown
from tests.tasks.reporting.conftest import HOSTILE, KEYWORDS, Inputs, entries_table

PARSER = MarkdownIt("commonmark").enable("table")
MARKUP = {"html_block", "html_inline", "link_open", "image", "em_open", "strong_open", "code_inline", "fence"}


def inner(tokens: Sequence[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *(token.children or ()))]


def facts(screening: Screening, curation: Curation, **asked: object) -> CardFacts:
    keywords = pl.from_arrow(entries_table())
    assert isinstance(keywords, pl.DataFrame)
    return card_facts(
        "a run", CardConfig.model_validate(asked), screening, curation, keywords=keywords, captions=HOSTILE
    )


@pytest.fixture
def curation(inputs: Inputs) -> Curation:
    return inputs.curation


@pytest.fixture
def screening(inputs: Inputs) -> Screening:
    return inputs.screening


@pytest.fixture
def text(screening: Screening, curation: Curation) -> str:
    return card_markdown(facts(screening, curation, title="<h1>x</h1>", licence="[a](javascript:x)", creators=("|",)))


def test_nothing_hostile_is_markup(text: str) -> None:
    tokens = inner(PARSER.parse(text))
    allowed = {"em_open", "code_inline"}  # our own: to be filled in, and the digest
    assert {token.type for token in tokens} & MARKUP <= allowed
    emphasised = [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "em_open"]
    assert set(emphasised) == {"to be filled in"}
    assert re.search("[\x00\x1b\u202e]", text) is None


def test_captions_and_keywords_are_read_as_they_were(text: str) -> None:
    """What a reader of the rendered page sees is the text of the source, invisible characters spelled out."""
    seen = [
        "".join(child.content for child in token.children or ())
        for token in PARSER.parse(text)
        if token.type == "inline"
    ]
    assert {displayed(caption) for caption in HOSTILE} <= set(seen)
    assert {displayed(keyword, 28) for keyword in KEYWORDS} <= set(seen)


def test_every_section_has_its_figures(text: str) -> None:
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "To be filled in by a person", "Sources", "Rows, and why others are not here", "Repetitions and leaks",
        "Balancing", "Selection", "Keywords", "Captions, for example", "How to make it again",
    ]  # fmt: skip
    for told in ("unreadable image", "effective sample size", "copies beyond the first", "| package | version |"):
        assert told in text


def test_tables_are_whole(text: str) -> None:
    rows = [line for line in text.splitlines() if line.startswith("|")]
    tables = [token for token in PARSER.parse(text) if token.type == "tr_open"]
    rules = [row for row in rows if re.fullmatch(r"\|(---\|)+", row)]
    assert len(tables) == len(rows) - len(rules)


def test_what_was_not_looked_for_is_said(screening: Screening, curation: Curation) -> None:
    bare = card_markdown(facts(Screening(screening.ingested), curation))
    assert "Repetitions were not looked for." in bare and "Leaks of evaluation sets were not looked for." in bare


def test_no_captions_and_no_keywords_where_none_are_asked_for(screening: Screening, curation: Curation) -> None:
    told = card_markdown(
        card_facts("x", CardConfig(keywords=0), screening, curation, keywords=facts_keywords(), captions=())
    )
    assert "## Captions" not in told and "| keyword |" not in told


def facts_keywords() -> pl.DataFrame:
    keywords = pl.from_arrow(entries_table())
    assert isinstance(keywords, pl.DataFrame)
    return keywords


@given(st.text(min_size=1) | st.from_regex(r"[-+=#>*_~`|:.)0-9 a<&;!\[\](){}^$@]{1,12}", fullmatch=True))
def test_any_text_is_one_paragraph_of_text(caption: str) -> None:
    shown = displayed(caption)
    for line, parts in ((f"- {markdown(caption)}", "li"), (f"| x |\n|---|\n| {markdown(caption) or '.'} |", "td")):
        tokens = PARSER.parse(line)
        found = [token for token in tokens if token.type == "inline"][-1]
        assert {child.type for child in found.children or ()} <= {"text", "text_special"}
        if parts == "li" and shown:
            assert [token.type for token in tokens][:4] == [
                "bullet_list_open", "list_item_open", "paragraph_open", "inline"
            ]  # fmt: skip
            assert "".join(child.content for child in found.children or ()) == shown
