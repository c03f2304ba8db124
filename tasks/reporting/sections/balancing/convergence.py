"""How balancing approached its target, step by step, and why it stopped, in words."""

from dataclasses import dataclass

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from storage.record.manifest import Manifest
from tasks.balancing.stats import BalanceStats
from tasks.reporting.page.svg import SERIES, blank, logarithmic

MARGINS = (("column_l1", "keywords", SERIES[1]), ("row_l1", "captions", SERIES[2]))
EXACT = 1e-12  # below this a side was just fitted: what is left is rounding, not a distance


@dataclass(frozen=True)
class Convergence:
    """The section: what balancing says of itself, and which keywords cannot meet their targets."""

    sentence: str
    infeasible: tuple[str, ...]


def read_convergence(balanced: Manifest) -> Convergence:
    """From the output of `balance`."""
    figures = BalanceStats.of(balanced)
    return Convergence(convergence_sentence(figures), figures.infeasible)


def convergence_figure(history: pl.DataFrame) -> Figure | None:
    """L1 distance of both margins from their targets, by half step; None where nothing was recorded.

    A side that a half step has just fitted is at its target exactly and has no point there.
    """
    curves = []
    for column, name, colour in MARGINS:
        if column in history.columns:
            measured = history.filter(pl.col(column) > EXACT)
            if len(measured):
                curves.append((measured["step"].to_numpy(), measured[column].to_numpy(), name, colour))
    if not curves or max(len(steps) for steps, *_ in curves) < 2:
        return None
    figure, (axis,) = blank(7.4, 2.5)
    for steps, values, name, colour in curves:
        axis.plot(
            steps, values, "o-", color=colour, markersize=3.5, markeredgewidth=0,
            label=f"{name} from their target",
        )  # fmt: skip
    axis.set_yscale("log")
    logarithmic(axis.yaxis)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("half step")
    axis.set_ylabel("L1 distance (log scale)")
    figure.legend(loc="outside upper left", ncols=2)
    return figure


def convergence_sentence(figures: BalanceStats) -> str:
    """What balancing says of itself: converged or not, and the reason it gave for stopping."""
    unit = "half step" if figures.method == "rake" else "iteration"
    reason = figures.reason.strip().rstrip(".") or "no reason was recorded"
    if figures.converged:
        verdict = "converged: both margins were measured and lie within the tolerance"
    elif figures.iterations:
        verdict = "did not converge to both margins"
    else:
        verdict = "has no iteration to converge"
    plural = "" if figures.iterations == 1 else "s"
    count = f" after {figures.iterations} {unit}{plural}" if figures.iterations else ""
    return f"{figures.method.capitalize()} {verdict}{count}. Why it stopped: {reason}."
