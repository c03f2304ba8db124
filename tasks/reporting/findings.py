"""The result in sentences that say no more than the numbers do."""

from collections.abc import Sequence

from tasks.evaluation.intervals import Interval
from tasks.reporting.comparison import Difference, Summary

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
    return f"{100 * difference:+.1f}".replace("-", "−")


def bounds(interval: Interval, *, signed: bool = False) -> str:
    """An interval of shares, in per cent or points."""
    low, high = 100 * interval.low, 100 * interval.high
    form = "+.1f" if signed else ".1f"
    return f"[{low:{form}}, {high:{form}}]".replace("-", "−")


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


def headline(summaries: Sequence[Summary], differences: Sequence[Difference]) -> str:
    """The one sentence at the top: the first comparison on every benchmark, gains and failures alike."""
    if not summaries:
        return "This run curated data; no model was trained or scored."
    if not differences:
        parts = [f"{each.variant} reaches {percent(each.mean)} on {each.benchmark}" for each in summaries]
        return _join(parts) + "; no two variants were compared."
    first = differences[0]
    main = [each for each in differences if (each.variant, each.reference) == (first.variant, first.reference)]
    return f"{first.variant.capitalize()} against {first.reference}: " + _join([_clause(each) for each in main]) + "."


def _clause(difference: Difference) -> str:
    value = f"{points(difference.mean)} points"
    interval = difference.decisive
    if interval is None:
        return f"{value} on {difference.benchmark} from one seed, without an interval"
    stated = f"{value} {bounds(interval, signed=True)} on {difference.benchmark}"
    if not difference.distinguishable:
        return f"{stated}, not distinguishable from zero"
    return stated


def caution(differences: Sequence[Difference], confidence: float) -> str:
    """What the intervals are, and what they are not."""
    seeds = max((len(each.seeds) for each in differences), default=0)
    level = f"{100 * confidence:.0f} %"
    if seeds >= 2:
        basis = (
            f"Intervals in brackets are {level} Student's t intervals over {seeds} training seeds, paired by seed; "
            "the test images are held fixed"
        )
    else:
        basis = f"Intervals in brackets are {level} bootstrap intervals over test images; one seed says nothing of luck"
    several = f", and {len(differences)} comparisons are not corrected for each other" if len(differences) > 1 else ""
    return f"{basis}{several}."


def _join(parts: Sequence[str]) -> str:
    return "; ".join(parts)
