"""The result in sentences that say no more than the numbers do."""

from collections.abc import Sequence

from tasks.reporting.page.formats import integer, percent, points, share, signed_bounds
from tasks.reporting.sections.balancing.marginals import KeywordMarginals
from tasks.reporting.sections.row_counts import RowCounts
from tasks.reporting.sections.scores.scores import Difference, Scores
from tasks.reporting.sections.screening.screening import Screened

DOUBTS = {
    "no interval": "without an interval",
    "too few seeds": "from too few seeds for a verdict",
    "rests on one seed": "resting on one seed",
    "not distinguishable": "not distinguishable from zero",
}
"""Verdict of a table → what a sentence says."""


ENOUGH_SEEDS = 5
"""From here on simulated intervals cover what they should."""


def headline(scores: Scores, *, trained: int = 0) -> str:
    """The one sentence at the top: the first variant against every control, on every benchmark, whatever came out.

    Args:
        scores: what the sentence is about.
        trained: models that were trained, for a run that scored none.
    """
    summaries, differences = scores.summaries, scores.differences
    if not summaries and trained:
        return f"This run curated data and trained {trained} models; none was scored."
    if not summaries:
        return "This run curated data; no model was trained or scored."
    if not differences:
        parts = [f"{each.variant} reaches {percent(each.mean)} on {each.benchmark}" for each in summaries]
        return _series(parts) + "; no two variants were compared."
    first = differences[0]
    controls = {reference: group for (variant, reference), group in scores.pairs.items() if variant == first.variant}
    seeds = len(first.seeds)
    basis = f"over {seeds} seeds" if seeds > 1 else "from one seed"
    subject = f"{first.variant[:1].upper()}{first.variant[1:]}"
    found = [f"against {control}, {basis}: {_clauses(group)}" for control, group in controls.items()]
    return f"{subject} {'; '.join(found)}."


def _clauses(differences: Sequence[Difference]) -> str:
    return _series([_clause(each) for each in differences]) + _doubt(differences)


def _clause(difference: Difference) -> str:
    stated = f" {signed_bounds(difference.interval)}" if difference.interval else ""
    return f"{points(difference.mean)} points{stated} on {difference.benchmark}"


def _doubt(differences: Sequence[Difference]) -> str:
    """Why nothing may be concluded, benchmark by benchmark; empty only where every difference has a verdict."""
    reasons: dict[str, list[str]] = {}
    for each in differences:
        if not each.distinguishable:
            reasons.setdefault(DOUBTS[each.verdict], []).append(each.benchmark)
    if len(differences) == 1 or [len(each) for each in reasons.values()] == [len(differences)]:
        return "".join(f", {'both ' if len(each) == 2 else ''}{reason}" for reason, each in reasons.items())
    return "".join(f", {reason} on {_series(benchmarks)}" for reason, benchmarks in reasons.items())


def facts(
    rows: RowCounts, screened: Screened, marginals: KeywordMarginals, scores: Scores
) -> tuple[tuple[str, str], ...]:
    """The figures in large type, and what each says.

    Args:
        rows: counts at every station.
        screened: what screening dropped.
        marginals: how near the selection came to the target.
        scores: of all variants and seeds.
    """
    counted = {station.name: station.rows for station in rows.stations}
    said = [(integer(counted["Source rows"]), "rows in the sources")]
    if screened.remaining is not None:
        said.append((integer(screened.dropped), "repeats and leaks dropped"))
    said.append((integer(counted["Matched"]), "pairs that match a keyword"))
    said.append((integer(counted["Selected"]), "different pairs selected"))
    said.append((integer(marginals.selection.effective_sample_size), "effective sample size of the selection"))
    if marginals.approach is not None:
        before, after = marginals.approach
        said.append((f"{share(before)} → {percent(after)}", "distance of the keywords from their target"))
    if scores.summaries:
        variants = {each.variant for each in scores.summaries}
        seeds = {seed for each in scores.summaries for seed, _ in each.seeds}
        said.append((f"{len(variants)} × {len(seeds)}", "variants × seeds scored"))
    return tuple(said)


def caution(differences: Sequence[Difference], confidence: float) -> str:
    """What the intervals are, and what a verdict needs."""
    level, over = f"{100 * confidence:.0f} %", {each.interval.over for each in differences if each.interval}
    basis = {
        "seeds and images": "over training seeds and test images together, paired by both",
        "seeds": "over training seeds, paired by seed; the test images are held fixed",
        "images": "over test images; one seed says nothing about luck in training",
    }
    said = "; or ".join(words for name, words in basis.items() if name in over) or "not known"
    tested = sum(each.adjusted is not None for each in differences)
    if not tested:
        return f"Intervals in brackets are {level} intervals {said}. Verdicts need at least three seeds."
    among = f"after Holm’s correction for all {tested} comparisons" if tested > 1 else "of one comparison"
    return (
        f"Intervals in brackets are {level} intervals {said}. A difference is called a gain or a loss only where it is "
        f"significant at {percent(1 - confidence)} ({among}), and the interval excludes zero without any one seed."
        f"{_few_seeds(differences)}{_needed(differences)}"
    )


def _few_seeds(differences: Sequence[Difference]) -> str:
    """What is known of intervals from few seeds (`tasks/evaluation/scoring/coverage.py`)."""
    fewest = min(len(each.seeds) for each in differences)
    if fewest >= ENOUGH_SEEDS:
        return ""
    return f" {fewest} seeds are few: in simulations, 95 % intervals from three covered 92.8 to 97.0 %."


def _needed(differences: Sequence[Difference]) -> str:
    """How many seeds the main comparison would take where it has no verdict."""
    main = [
        each
        for each in differences
        if (each.variant, each.reference) == (differences[0].variant, differences[0].reference)
        and not each.distinguishable
        and len(each.seeds) > 1
    ]
    if not main:
        return ""
    clauses = [f"about {integer(each.seeds_needed)} seeds on {each.benchmark}" for each in main if each.seeds_needed]
    if others := [each.benchmark for each in main if not each.seeds_needed]:
        clauses.append(f"on {_series(others)} more test images, not seeds")
    return (
        f" To tell differences of {main[0].variant} against {main[0].reference} as large as these from none, four "
        f"times out of five, one needs {_series(clauses)}."
    )


def _series(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
