"""The result in sentences that say no more than the numbers do."""

from tasks.reporting.sections.scores import Scores, compare, summarise
from tasks.reporting.sections.sentences import caution, headline
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
