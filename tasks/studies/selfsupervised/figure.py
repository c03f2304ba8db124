"""Figures of a comparison: a row for each arm, a dot for each run, and the mean with its interval over seeds."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, MUTED, RULE, SERIES, blank, logarithmic, name_rows
from tasks.studies.selfsupervised.measured import Labelled, arms_of, summaries, values_of

TITLES = {
    "linear": "linear probe,\ntop-1 (%)",
    "neighbours": "nearest neighbours,\ntop-1 (%)",
    "effective_rank": "effective rank\nof the features",
    "spread": "spread of embeddings\n(0: one point)",
    "directions": "directions\nof embeddings",
    "norm": "mean length\nof embeddings",
    "prototypes": "prototypes\nin use",
    "recall": "mean recall\n(%)",
    "gap": "gap between\nthe branches",
    "image_uniformity": "L_u of images\n(less: more uniform)",
    "text_uniformity": "L_u of captions\n(less: more uniform)",
}
PERCENT = ("linear", "neighbours", "recall")
SIGNED = ("image_uniformity", "text_uniformity")


def draw_arms(
    outcomes: Sequence[Labelled],
    measures: Sequence[str],
    confidence: float,
    untrained: Sequence[Labelled],
    width: float,
) -> Figure:
    """Panels side by side, or below each other where the page is narrow.

    Args:
        outcomes: of the trained arms.
        measures: a panel for each.
        confidence: of the intervals.
        untrained: of the same networks before training, a dotted line.
        width: of the figure, in inches.
    """
    arms = arms_of(outcomes)
    narrow = width < 5
    height = 0.9 + 0.23 * len(arms)
    figure, axes = blank(
        width, height * len(measures) if narrow else height, rows=len(measures) if narrow else 1,
        columns=1 if narrow else len(measures),
    )  # fmt: skip
    for place, (panel, measure) in enumerate(zip(axes, measures, strict=True)):
        _panel(panel, outcomes, measure, confidence)
        before = [getattr(each, measure) for each in untrained if getattr(each, measure) is not None]
        if before:
            panel.axvline(_shown(measure, sum(before) / len(before)), color=MUTED, linestyle=":", linewidth=1.2)
        labels = _labels(arms) if narrow or place == 0 else [""] * len(arms)
        name_rows(panel, labels)
        panel.set_xlabel(TITLES[measure])
    return figure


def _panel(panel: Axes, outcomes: Sequence[Labelled], measure: str, confidence: float) -> None:
    arms = arms_of(outcomes)
    groups = list(dict.fromkeys(group for group, _ in arms))
    names = list(dict.fromkeys(name for _, name in arms))
    several = len(groups) > 1 and len(names) < len(arms)
    found = {(each.group, each.name): each for each in summaries(outcomes, measure, confidence)}
    for row, (group, name) in enumerate(arms):
        colour = SERIES[(names.index(name) if several else groups.index(group)) % len(SERIES)]
        values = [_shown(measure, value) for value in values_of(outcomes, group, name, measure).values()]
        panel.plot(values, [row] * len(values), "o", color=colour, markersize=3, alpha=0.45, markeredgewidth=0)
        if arm := found.get((group, name)):
            mean = _shown(measure, arm.mean)
            panel.plot([mean], [row], "|", color=INK, markersize=8, markeredgewidth=1.4)
            if arm.low is not None and arm.high is not None:
                panel.plot(
                    [_shown(measure, arm.low), _shown(measure, arm.high)], [row, row], color=colour, linewidth=1.4
                )
        if row and arms[row - 1][0] != group:
            panel.axhline(row - 0.5, color=RULE, linewidth=0.8)
    if measure == "norm":
        panel.set_xscale("log")
        logarithmic(panel.xaxis)
    elif measure not in PERCENT + SIGNED:
        panel.set_xlim(left=0)


def _labels(arms: Sequence[tuple[str, str]]) -> list[str]:
    """An arm's name, and before the first of a group the group's."""
    groups = list(dict.fromkeys(group for group, _ in arms))
    if len(groups) == 1:
        return [name for _, name in arms]
    return [
        f"{group}: {name}" if row == 0 or arms[row - 1][0] != group else name for row, (group, name) in enumerate(arms)
    ]


def _shown(measure: str, value: float) -> float:
    return 100 * value if measure in PERCENT else value
