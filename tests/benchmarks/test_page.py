"""docs/benchmarks.md is what the kept results and the claims make of it."""

from benchmarks import page
from benchmarks.claims import BENCHMARKS


def test_the_page_is_made_of_the_results_that_are_kept() -> None:
    kept = page.results(page.PAGE.parents[1] / "benchmarks" / "results")
    assert kept.keys() <= BENCHMARKS.keys()
    assert page.PAGE.read_text(encoding="utf-8") == page.render(kept)


def test_what_was_not_measured_is_not_claimed_to_hold() -> None:
    assert " | yes |" not in page.render({})
    assert "No result is kept yet: `python -m benchmarks.raking`" in page.render({})
