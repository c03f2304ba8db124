"""The figure of the study `online`: scores against what was trained on, and against what was decoded."""

from matplotlib.figure import Figure

from tasks.reporting.page.svg import SERIES, blank
from tasks.studies.online.arms import OnlineNumbers


def draw_costs(numbers: OnlineNumbers, width: float) -> Figure:
    """Mean over seeds with its interval, and every seed, at what each arm trained on and at what it decoded."""
    narrow = width < 5
    figure, axes = blank(width, 5.6 if narrow else 3.1, rows=2 if narrow else 1, columns=1 if narrow else 2)
    most = max(max(arm.trained, arm.decoded) for arm in numbers.arms)
    for panel, cost in zip(axes, ("trained", "decoded"), strict=True):
        for place, (arm, colour) in enumerate(zip(numbers.arms, SERIES, strict=False)):
            x = getattr(arm, cost) + 0.03 * most * (place - (len(numbers.arms) - 1) / 2)
            mean = arm.level.mean[-1]
            low, high = (mean if end is None else end for end in (arm.level.low[-1], arm.level.high[-1]))
            panel.plot([x, x], [100 * low, 100 * high], color=colour, linewidth=1.4)
            panel.plot([x] * len(arm.level.seeds), [100 * seed[-1] for seed in arm.level.seeds], "_", color=colour)
            panel.plot([x], [100 * mean], "o", color=colour, markersize=5, label=arm.name)
        panel.set_xlim(0, 1.15 * most)
        panel.set_title(f"by pairs {cost}" if cost == "trained" else "by pictures decoded")
        panel.set_xlabel("pairs trained on" if cost == "trained" else "pictures decoded")
        panel.set_ylabel("mean per-class recall, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1 if narrow else 2)
    return figure
