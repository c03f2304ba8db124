"""Numbers as the page says them: true minus signs, and a dash for what does not exist."""

import math
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from tasks.evaluation.scoring.intervals import Interval  # scipy: whoever asks for a run's state needs none of it


MISSING = "–"
METRIC_NAMES = {
    "acc1": "top-1 accuracy",
    "acc5": "top-5 accuracy",
    "mean_per_class_recall": "mean per-class recall",
}


def metric_name(metric: str) -> str:
    """A metric's name in words."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def share(value: float | None) -> str:
    """A share in per cent, one decimal, without the sign: for columns whose head says it."""
    return f"{100 * value:.1f}" if _exists(value) else MISSING


def percent(value: float) -> str:
    """A share as a percentage, one decimal."""
    return f"{share(value)} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    text = _minus(f"{100 * difference:+.1f}")
    return "0.0" if text in ("+0.0", "−0.0") else text


def bounds(interval: "Interval | None") -> str:
    """An interval of shares, in per cent."""
    return MISSING if interval is None else _minus(f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]")


def signed_bounds(interval: "Interval | None") -> str:
    """An interval of differences, in percentage points."""
    return MISSING if interval is None else f"[{points(interval.low)}, {points(interval.high)}]"


def change(gain: tuple[float, float, float]) -> str:
    """A relative change with its interval, and whether it can be told from none."""
    value, low, high = (points(each) for each in gain)
    doubt = "" if gain[1] > 0 or gain[2] < 0 else ", not distinguishable from no change"
    return f"{value} % [{low}, {high}]{doubt}"


def integer(value: float | None) -> str:
    """A count, its thousands set apart."""
    return f"{value:,.0f}" if _exists(value) else MISSING


def number(value: float | None) -> str:
    """Three decimals, or three significant digits where decimals would show little but zeros."""
    if not _exists(value):
        return MISSING
    return _minus(f"{value:.3g}" if abs(value) < 0.01 and value != 0 else f"{value:.3f}")


def digits(value: float | None, count: int = 4) -> str:
    """Significant digits: four for numbers whose differences matter, two for small shares."""
    return _minus(f"{value:.{count}g}") if _exists(value) else MISSING


def two_digits(value: float | None) -> str:
    """Two significant digits."""
    return digits(value, 2)


def compact(value: float | None) -> str:
    """A whole number from 100 on, else three significant digits."""
    return _minus(f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}") if _exists(value) else MISSING


def ordinal(value: int) -> str:
    """1st, 2nd, 3rd, 4th: which neighbour is meant."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def width(rows: int, widest: int) -> str:
    """Length of a bar, in per cent of the widest."""
    return f"{100 * rows / max(1, widest):.2f}"


def _exists(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _minus(text: str) -> str:
    return text.replace("-", "−")
