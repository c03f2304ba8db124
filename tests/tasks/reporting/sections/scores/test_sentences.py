"""The result in sentences that say no more than the numbers do."""

import polars as pl

from tasks.reporting.inputs.measurements import Measurement
from tasks.reporting.sections.balancing.marginals import KeywordMarginals, distances, read_marginals
from tasks.reporting.sections.row_counts import RowCounts, Station
from tasks.reporting.sections.scores.scores import Scores, compare, summarise
from tasks.reporting.sections.scores.sentences import caution, facts, headline
from tasks.reporting.sections.screening.screening import Screened
from tests.tasks.reporting.figures import balance_stats, realise_stats
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured


def trained(variant: str, benchmark: str, *values: float) -> list[Measurement]:
    return [measured(variant, seed, value, benchmark) for seed, value in enumerate(values)]


def test_headline_names_every_control_and_failures_too() -> None:
    scored = [
        *trained("original", "shape", 0.40, 0.41, 0.42, 0.40),
        *trained("balanced", "shape", 0.55, 0.56, 0.575, 0.55),
        *trained("random", "shape", 0.55, 0.555, 0.57, 0.56),
        *trained("original", "colour", 0.4, 0.5, 0.6, 0.5),
        *trained("balanced", "colour", 0.6, 0.5, 0.41, 0.5),
        *trained("random", "colour", 0.6, 0.51, 0.41, 0.5),
    ]
    differences = compare(scored, [("balanced", "original"), ("balanced", "random")], BOOTSTRAP)
    sentence = headline(Scores(summarise(scored, BOOTSTRAP), differences))
    assert sentence.startswith("Balanced against original, over 4 seeds: +15.1 points [")
    assert " on colour, not distinguishable from zero on colour; against random, over 4 seeds: " in sentence
    assert sentence.endswith(" on colour, both not distinguishable from zero.")
    certain = headline(Scores(summarise(scored, BOOTSTRAP), differences[:1]))
    assert "distinguishable" not in certain
    said = caution(differences, 0.95)
    assert "over training seeds and test images together" in said
    assert "significant at 5.0 % (after Holm’s correction for all 4 comparisons)" in said
    assert "the interval excludes zero without any one seed. 4 seeds are few:" in said
    assert said.endswith("four times out of five, one needs on colour more test images, not seeds.")


def test_a_difference_without_a_verdict_says_how_many_seeds_it_would_take() -> None:
    (difference,) = compare(
        [*trained("original", "shape", 0.4, 0.5, 0.6, 0.5), *trained("balanced", "shape", 0.5, 0.7, 0.55, 0.65)],
        [("balanced", "original")], BOOTSTRAP,
    )  # fmt: skip
    assert not difference.distinguishable and difference.seeds_needed is not None and 4 < difference.seeds_needed < 30
    assert caution([difference], 0.95).endswith(f"one needs about {difference.seeds_needed} seeds on shape.")


def test_enough_seeds_and_a_clear_difference_need_no_more_words() -> None:
    scored = [
        *trained("original", "shape", 0.40, 0.41, 0.42, 0.40, 0.41),
        *trained("balanced", "shape", 0.55, 0.56, 0.575, 0.55, 0.56),
    ]
    said = caution(compare(scored, [("balanced", "original")], BOOTSTRAP), 0.95)
    assert said.endswith("the interval excludes zero without any one seed.")


def test_a_difference_that_the_images_cannot_tell_is_no_matter_of_seeds() -> None:
    (difference,) = compare(
        [*trained("original", "shape", 0.5, 0.5, 0.5), *trained("balanced", "shape", 0.5, 0.5, 0.5)],
        [("balanced", "original")], BOOTSTRAP,
    )  # fmt: skip
    assert difference.seeds_needed is None
    assert caution([difference], 0.95).endswith("one needs on shape more test images, not seeds.")


def test_headline_without_scores() -> None:
    assert headline(Scores()) == "This run curated data; no model was trained or scored."
    assert "trained 3 models" in headline(Scores(), trained=3)
    single = [measured("original", 0, 0.5)]
    assert "original reaches 50.0 % on shape" in headline(Scores(summarise(single, BOOTSTRAP)))


def test_one_seed_is_said() -> None:
    scored = [measured("original", 0, 0.2), measured("balanced", 0, 0.9)]
    (difference,) = compare(scored, [("balanced", "original")], BOOTSTRAP)
    scores = Scores(summarise(scored, BOOTSTRAP), (difference,))
    assert headline(scores).startswith("Balanced against original, from one seed: +70.0 points [+")
    assert headline(scores).endswith(" on shape, from too few seeds for a verdict.")
    said = caution([difference], 0.95)
    assert "says nothing about luck" in said and said.endswith("Verdicts need at least three seeds.")


def marginals(before: float, after: float | None) -> KeywordMarginals:
    """Two keywords, this share of the matches with the first, of which the target wants half."""
    frame = pl.DataFrame(
        {
            "entry": [0, 1],
            "text": ["a", "b"],
            "count": [3, 1],
            "target": [0.5, 0.5],
            "observed": [before, 1 - before],
            "realised": [None, None] if after is None else [after, 1 - after],
        }
    )
    shares = read_marginals(frame)
    return KeywordMarginals(shares, distances(shares), balance_stats(), realise_stats(effective_sample_size=1234.4))


def test_facts_leave_out_what_is_not_known() -> None:
    stations = tuple(
        Station(name, "", rows) for name, rows in (("Source rows", 9000), ("Matched", 800), ("Selected", 70))
    )
    assert facts(RowCounts(stations), Screened(), marginals(0.75, None), Scores()) == (
        ("9,000", "rows in the sources"),
        ("800", "pairs that match a keyword"),
        ("70", "different pairs selected"),
        ("1,234", "effective sample size of the selection"),
    )
    screened = Screened(rows=40, remaining=30, reasons={"equal pair": 10})
    said = facts(RowCounts(stations), screened, marginals(0.75, 0.5), Scores())
    assert said[1] == ("10", "repeats and leaks dropped")
    assert said[-1] == ("25.0 → 0.0 %", "distance of the keywords from their target")
