"""The page says what the matrix does."""

from tests.faults.page import page
from tests.paths import ROOT


def test_the_page_is_made_of_the_matrix() -> None:
    found = (ROOT / "docs" / "faults_tried.md").read_text(encoding="utf-8")
    assert found == page(), "run `python -m tests.faults.page > docs/faults_tried.md`"
