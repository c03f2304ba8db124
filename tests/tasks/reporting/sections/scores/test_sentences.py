"""The result in sentences that say no more than the numbers do."""

import polars as pl

from tasks.reporting.sections.balancing.marginals import KeywordMarginals, distances, read_marginals
from tasks.reporting.sections.row_counts import RowCounts, Station
from tasks.reporting.sections.scores.scores import Scores, compare, summarise
from tasks.reporting.sections.scores.sentences import caution, curation_sentence, facts, headline
from tasks.reporting.sections.screening.screening import Screened
from tests.tasks.reporting.figures import balance_stats, realise_stats
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured


def test_headline_tells_failures_too() -> None:
    scored = [
        *(measured("original", seed, value) for seed, value in enumerate((0.40, 0.41, 0.42))),
        *(measured("balanced", seed, value) for seed, value in enumerate((0.45, 0.46, 0.475))),
        *(measured("original", seed, value, "colour") for seed, value in enumerate((0.4, 0.5, 0.6))),
        *(measured("balanced", seed, value, "colour") for seed, value in enumerate((0.6, 0.5, 0.41))),
    ]
    differences = compare(scored, [("balanced", "original")], BOOTSTRAP)
    sentence = headline(Scores(summarise(scored, BOOTSTRAP), differences))
    assert sentence.startswith("Balanced against original, over 3 seeds: +5.2 points [")
    assert sentence.endswith("; on colour not distinguishable from zero.")
    alone = headline(Scores(summarise(scored[6:], BOOTSTRAP), differences[1:]))
    assert alone.endswith("on colour, not distinguishable from zero.")
    both = headline(Scores(summarise(scored, BOOTSTRAP), (differences[1], differences[1])))
    assert both.endswith("; neither is distinguishable from zero.")
    certain = headline(Scores(summarise(scored, BOOTSTRAP), differences[:1]))
    assert "distinguishable" not in certain
    assert "2 comparisons are not corrected" in caution(differences, 0.95)


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
    assert "says nothing about luck" in caution([difference], 0.95)


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


def test_a_curation_tells_how_near_it_came() -> None:
    assert curation_sentence(marginals(0.75, 0.5)) == (
        " The keywords’ distance from their target went from 0.250 to 0.000 in total variation."
    )
    assert curation_sentence(marginals(0.75, None)) == ""


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
    assert said[-1] == ("0.250 → 0.000", "total variation from the keyword target")
