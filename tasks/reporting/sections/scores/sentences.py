"""The result in sentences that say no more than the numbers do."""

from collections.abc import Sequence

from tasks.reporting.page.formats import integer, number, percent, points, signed_bounds
from tasks.reporting.sections.balancing.marginals import KeywordMarginals
from tasks.reporting.sections.row_counts import RowCounts
from tasks.reporting.sections.scores.scores import Difference, Scores
from tasks.reporting.sections.screening.screening import Screened


def headline(scores: Scores, *, trained: int = 0) -> str:
    """The one sentence at the top: the first comparison on every benchmark, gains and failures alike.

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
    main = [each for each in differences if (each.variant, each.reference) == (first.variant, first.reference)]
    subject = f"{first.variant[:1].upper()}{first.variant[1:]} against {first.reference}"
    seeds = len(first.seeds)
    basis = f"over {seeds} seeds" if seeds > 1 else "from one seed"
    return f"{subject}, {basis}: {_series([_clause(each) for each in main])}{_verdict(main)}."


def _clause(difference: Difference) -> str:
    interval = difference.decisive
    stated = f" {signed_bounds(interval)}" if interval else ""
    return f"{points(difference.mean)} points{stated} on {difference.benchmark}"


def _verdict(differences: Sequence[Difference]) -> str:
    """What may be concluded; silent only where every interval excludes zero."""
    open_ones = [each for each in differences if not each.distinguishable]
    if not open_ones:
        return ""
    if len(open_ones) < len(differences):
        return f"; on {_series([each.benchmark for each in open_ones])} not distinguishable from zero"
    if len(open_ones) == 1:
        return ", not distinguishable from zero"
    return f"; {'neither' if len(open_ones) == 2 else 'none'} is distinguishable from zero"


def curation_sentence(marginals: KeywordMarginals) -> str:
    """How near the selection came, for runs whose point is the data set itself; empty where it is not known."""
    if marginals.approach is None:
        return ""
    before, after = marginals.approach
    return (
        f" The keywords’ distance from their target went from {number(before)} to {number(after)} in total variation."
    )


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
        said.append((f"{number(before)} → {number(after)}", "total variation from the keyword target"))
    if scores.summaries:
        variants = {each.variant for each in scores.summaries}
        seeds = {seed for each in scores.summaries for seed, _ in each.seeds}
        said.append((f"{len(variants)} × {len(seeds)}", "variants × seeds scored"))
    return tuple(said)


def caution(differences: Sequence[Difference], confidence: float) -> str:
    """What the intervals are, and what they are not."""
    seeds = max((len(each.seeds) for each in differences), default=0)
    level = f"{100 * confidence:.0f} %"
    if seeds >= 2:
        basis = (
            f"Intervals in brackets are {level} Student’s t intervals over {seeds} training seeds, paired by seed; "
            "the test images are held fixed"
        )
    else:
        basis = (
            f"Intervals in brackets are {level} bootstrap intervals over test images; "
            "one seed says nothing about luck in training"
        )
    several = f", and {len(differences)} comparisons are not corrected for each other" if len(differences) > 1 else ""
    return f"{basis}{several}."


def _series(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
