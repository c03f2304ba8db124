"""The page lists the corpus as it is."""

from tests.hostile.corpus import CORPUS
from tests.hostile.page import page
from tests.paths import ROOT


def test_the_page_is_the_table() -> None:
    found = (ROOT / "docs" / "hostile.md").read_text(encoding="utf-8")
    assert found == page(), "run `python -m tests.hostile.page > docs/hostile.md`"


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len({(case.kind, case.name) for case in CORPUS}) == len(CORPUS) >= 150
