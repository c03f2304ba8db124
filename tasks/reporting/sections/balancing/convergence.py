"""How near balancing came to its target, margin by margin, what was asked of it, and what stands in the way."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from storage.record.manifest import Manifest
from tasks.balancing.config import RakeConfig
from tasks.balancing.stats import BalanceStats
from tasks.reporting.inputs.settings import settings
from tasks.reporting.page.formats import percent
from tasks.reporting.page.svg import SERIES, WIDE, blank, logarithmic
from tasks.resampling.stats import RealiseStats

MARGINS = (("column_l1", "keywords", SERIES[1]), ("row_l1", "captions", SERIES[2]))
EXACT = 1e-12  # below this a side was just fitted: what is left is rounding, not a distance
FEW_STEPS = 6
"""Half steps up to which distances are drawn on a plain axis, with the sides that are fitted at zero."""
SIDES: Mapping[str, str] = {"x": "captions", "y": "keywords"}


@dataclass(frozen=True)
class MarginDistance:
    """One number that could be called "the distance from the target": whose margin it is, and how large.

    Attributes:
        name: the margin.
        meaning: of what.
        distance: total variation from its target, a share of the mass.
        counts: whether it is the one that counts for the selection.
    """

    name: str
    meaning: str
    distance: float
    counts: bool = False


@dataclass(frozen=True)
class Convergence:
    """The section.

    Attributes:
        sentence: what balancing says of itself.
        asked: what it was asked for, and what that can reach.
        margins: every distance from a target, in the order of the process.
        deficit: share of the mass that no weights can bring to both margins; None where it was not computed.
        blocking: the keywords that prove it.
        infeasible: targets that cannot be met, in sentences.
        obstacles: how many there are.
    """

    sentence: str
    asked: str = ""
    margins: tuple[MarginDistance, ...] = ()
    deficit: float | None = None
    blocking: str | None = None
    infeasible: tuple[str, ...] = ()
    obstacles: int = 0


def read_convergence(balanced: Manifest, realised: Manifest) -> Convergence:
    """From the outputs of `balance` and `realise`."""
    figures = BalanceStats.of(balanced)
    return Convergence(
        sentence=convergence_sentence(figures),
        asked=asked(settings(balanced, RakeConfig)) if figures.method == "rake" else "",
        margins=margin_distances(figures, RealiseStats.of(realised)),
        deficit=figures.margin_deficit,
        blocking=figures.blocking,
        infeasible=figures.infeasible,
        obstacles=figures.obstacles,
    )


def asked(config: RakeConfig) -> str:
    """The half steps that were asked for, and what they leave open; empty where a tolerance decides."""
    if config.tolerance is not None:
        return ""
    steps = config.steps if not isinstance(config.steps, int) else tuple("xy"[step % 2] for step in range(config.steps))
    if not steps:
        return "No half step was asked for, so nothing was balanced."
    fitted, other = (SIDES[side] for side in (steps[-1], "x" if steps[-1] == "y" else "y"))
    count = "One half step was" if len(steps) == 1 else f"{len(steps)} half steps were"
    return (
        f"{count} asked for. The last one fits the margin of {fitted} exactly and moves that of {other} away from its "
        "target; more half steps bring both nearer (steps), until a tolerance is met (tolerance)."
    )


def margin_distances(figures: BalanceStats, selection: RealiseStats) -> tuple[MarginDistance, ...]:
    """Every distance from a target in total variation, from before balancing to the selection."""
    found = [MarginDistance("keywords, before", "of the captions as they came", figures.total_variation_before)]
    if figures.method == "rake" and figures.column_residual is not None and figures.row_residual is not None:
        found += [
            MarginDistance(
                "keywords, by matches", "of the mass that raking puts on matches", figures.column_residual / 2
            ),
            MarginDistance("captions, by matches", "of that mass, from equal captions", figures.row_residual / 2),
        ]
    found += [
        MarginDistance(
            "keywords, expected", "of whole captions by their weights: each brings all its keywords",
            figures.total_variation,
        ),
        MarginDistance("keywords, realised", "of the selection that was drawn", selection.total_variation, counts=True),
    ]  # fmt: skip
    return tuple(found)


def convergence_figure(history: pl.DataFrame, width: float = WIDE) -> Figure | None:
    """Distance of both margins from their targets, per cent of the mass, by half step; None where none was made.

    Few half steps stand on a plain axis. Many stand on a logarithmic one, where a side that a half step has just fitted
    is at its target exactly and has no point.
    """
    few = len(history) <= FEW_STEPS + 1
    curves = []
    for column, name, colour in MARGINS:
        if column in history.columns:
            measured = history.filter(pl.col(column).is_not_null() if few else pl.col(column) > EXACT)
            if len(measured) > 1:
                curves.append((measured["step"].to_numpy(), 50 * measured[column].to_numpy(), name, colour))
    if not curves:
        return None
    figure, (axis,) = blank(width, 2.5)
    for steps, values, name, colour in curves:
        axis.plot(
            steps, values, "o-", color=colour, markersize=4, markeredgewidth=0, clip_on=False,
            label=f"{name} from their target",
        )  # fmt: skip
    if few:
        axis.set_ylim(bottom=0)
    else:
        axis.set_yscale("log")
        logarithmic(axis.yaxis)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g} %"))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("half step")
    axis.set_ylabel("total variation" if few else "total variation (log scale)")
    figure.legend(loc="outside upper left", ncols=2 if width >= WIDE else 1)
    return figure


def convergence_sentence(figures: BalanceStats) -> str:
    """What balancing says of itself: converged or not, and the reason it gave for stopping."""
    rakes = figures.method == "rake"  # two margins; others aim at bands, at a size, or at one margin
    unit = "half step" if rakes else "iteration"
    reason = figures.reason.strip().rstrip(".") or "no reason was recorded"
    if figures.converged:
        aim = "both margins were measured and lie" if rakes else "what it aimed at was measured and lies"
        verdict = f"converged: {aim} within the tolerance"
    elif figures.iterations:
        verdict = "did not converge to both margins" if rakes else "did not reach all that it aimed at"
    else:
        verdict = "has no iteration to converge"
    plural = "" if figures.iterations == 1 else "s"
    count = f" after {figures.iterations} {unit}{plural}" if figures.iterations else ""
    return f"{figures.method.capitalize()} {verdict}{count}. Why it stopped: {reason}."


def target_sentence(found: Convergence) -> str:
    """What of the target was reached and what was not, in a sentence for the head of the page; empty without one."""
    known = {each.name: each.distance for each in found.margins}
    before, after = known.get("keywords, before"), known.get("keywords, realised")
    if before is None or after is None:
        return ""
    return f"The keywords’ distance from their target went from {percent(before)} to {percent(after)}."
