"""The result in sentences that say no more than the numbers do."""

from collections.abc import Sequence

from tasks.evaluation.intervals import Interval
from tasks.reporting.sections.scores import Difference, Summary

METRIC_NAMES = {
    "acc1": "top-1 accuracy",
    "acc5": "top-5 accuracy",
    "mean_per_class_recall": "mean per-class recall",
}


def metric_name(metric: str) -> str:
    """A metric's name in words."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def percent(share: float) -> str:
    """A share as a percentage, one decimal."""
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return _signed(100 * difference)


def bounds(interval: Interval, *, signed: bool = False) -> str:
    """An interval of shares, in per cent or points."""
    low, high = 100 * interval.low, 100 * interval.high
    if signed:
        return f"[{_signed(low)}, {_signed(high)}]"
    return f"[{low:.1f}, {high:.1f}]".replace("-", "−")


def _signed(value: float) -> str:
    text = f"{value:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text


def difference_sentence(difference: Difference) -> str:
    """One difference in words, with the interval that decides and what it is over."""
    interval = difference.decisive
    name = f"{difference.variant} − {difference.reference}"
    value = f"{points(difference.mean)} points"
    if interval is None:
        return f"On {difference.benchmark}, {name} = {value}, from one seed without an interval: no verdict."
    over = f"{interval.units} seeds" if interval.over == "seeds" else "test images, one seed only"
    verdict = "distinguishable from zero" if difference.distinguishable else "not distinguishable from zero"
    sentence = f"On {difference.benchmark}, {name} = {value} {bounds(interval, signed=True)} over {over}: {verdict}."
    if interval.over == "images":
        sentence += " Another training seed could change it."
    return sentence


def headline(summaries: Sequence[Summary], differences: Sequence[Difference], *, trained: int = 0) -> str:
    """The one sentence at the top: the first comparison on every benchmark, gains and failures alike.

    Args:
        trained: models that were trained, for a run that scored none.
    """
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
    stated = f" {bounds(interval, signed=True)}" if interval else ""
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


def verdict(difference: Difference) -> str:
    """One difference in a word or two, for a table."""
    if difference.decisive is None:
        return "no interval"
    if not difference.distinguishable:
        return "not distinguishable"
    return "gain" if difference.mean > 0 else "loss"


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
