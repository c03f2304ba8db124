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


def test_a_claim_that_does_not_hold_has_its_reason() -> None:
    name, claim = next((name, claim) for name, each in BENCHMARKS.items() for claim in each.claims if claim.why)
    assert name == "matching" and claim.least == 1.7
    kept = {"command": "", "commit": "", "seconds": 1, "note": "", "machine": {"processor": "", "load": 0,
            "processors": 2, "python": ""}}  # fmt: skip
    for threads, missed in ((1.2, True), (1.9, False)):
        text = page.render({name: kept | {"lines": [f"real titles        2    5,907,881     {threads}x"]}})
        assert (f"- [matching](#matching), {claim.says}: {claim.why}." in text) is missed
        assert ("Why a claim does not hold" in text) is missed
