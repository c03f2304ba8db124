"""The figure of the collapse study: a row a setting, a panel a measure, a dot a run."""

from typing import TYPE_CHECKING

from tasks.evaluation.collapse.study import CollapseStudy, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = (
    ("accuracy", "k-NN accuracy of the backbone", "linear"),
    ("spread", "spread (0: one point)", "linear"),
    ("directions", "directions (participation ratio)", "linear"),
    ("norm", "mean ‖z‖", "log"),
)
COLOURS = {"mean": "C0", "sum": "C1"}
NAMES = {"mean": "distance: mean over coordinates", "sum": "distance: sum, as the paper writes it"}


def draw_collapse(study: CollapseStudy) -> "Figure":
    """Every run of the study; beside the weights of a setting stands what the paper reports for it."""
    from matplotlib.figure import Figure

    settings = list(dict.fromkeys(each.setting for each in study.outcomes))
    figure = Figure(figsize=(14, 1.6 + 0.42 * len(settings)), layout="constrained")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (measure, title, scale) in zip(panels, PANELS, strict=True):
        _draw(axes, study, settings, measure)
        axes.set(title=title, xscale=scale)
        axes.grid(axis="x", alpha=0.3)
    panels[0].axvline(sum(study.untrained) / len(study.untrained), color="black", linestyle=":", linewidth=1.2)
    panels[0].annotate("untrained", (sum(study.untrained) / len(study.untrained), len(settings) - 0.55), fontsize=8)
    panels[0].set_yticks(range(len(settings)), [_label(setting) for setting in settings])
    panels[0].set_ylim(len(settings) - 0.4, -0.6)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return figure


def _draw(axes: "Axes", study: CollapseStudy, settings: list[Setting], measure: str) -> None:
    for shift, (distance, colour) in zip((-0.13, 0.13), COLOURS.items(), strict=True):
        runs = [each for each in study.outcomes if each.distance == distance]
        places = [settings.index(each.setting) + shift for each in runs]
        values = [getattr(each, measure) for each in runs]
        axes.plot(
            values, places, "o", color=colour, alpha=0.6, markeredgewidth=0, label=NAMES[distance] if runs else None
        )


def _label(setting: Setting) -> str:
    weights = f"β {setting.beta:g}, γ {setting.gamma:g}, λ {setting.lambda_:g}"
    return f"{weights}\n(paper: {f'{setting.paper:g} %' if setting.paper else 'collapse'})"
