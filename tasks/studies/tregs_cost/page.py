"""The page of the study `tregs-cost`, and its figure."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from tasks.reporting.page.svg import INK, MUTED, SERIES, blank, name_rows
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.tregs_cost.config import CostConfig
from tasks.studies.tregs_cost.measure import CostNumbers, StepTimes


def cost_page(config: CostConfig, numbers: CostNumbers) -> StudyPage:
    """The page, from what was timed."""
    return StudyPage(
        name="tregs-cost",
        title="What a step costs",
        question="T-REGS (Table 5) finds a spanning tree in every step. How long does a whole self-supervised step "
        "take with it, and with other methods and regularisers, at equal batch on the same network?",
        answer=_answer(config, numbers),
        figures={
            "ratios": StudyFigure(
                partial(draw_ratios, config, numbers),
                f"Seconds of a whole step over {config.reference}'s of the same round, by batch: the median over "
                f"{config.rounds} rounds, and the middle 90 % of them.",
            )
        },
        tables=[_table(config, numbers)],
        method=[
            "A step is views, network, loss, gradient, optimiser and, where there is one, the teacher; pictures lie "
            f"in memory. {config.rounds} rounds after {config.warmup} that do not count; in a round every kind makes "
            "one step, and ratios are taken within it, so that what else the machine does falls on all.",
            f"Measured on {numbers.device} in {config.clock} seconds with {config.threads} thread(s), pictures of "
            f"{numbers.side} pixels.",
        ],
        limits=[
            "The share of a loss depends on the network: beside a larger one every loss costs less.",
            "Times are not reproducible to the digit: only this study's results differ from one run to the next.",
        ],
        numbers=numbers.model_dump(mode="json"),
    )


def draw_ratios(config: CostConfig, numbers: CostNumbers, width: float) -> Figure:
    """A row for each kind of step, a mark for each batch."""
    names = list(dict.fromkeys(each.name for each in numbers.times))
    figure, axes = blank(width, 0.9 + 0.26 * len(names))
    panel = axes[0]
    for place, batch in enumerate(config.batches):
        colour = SERIES[(place + 1) % len(SERIES)]
        for each in (each for each in numbers.times if each.batch == batch):
            row = names.index(each.name) + 0.22 * (place - (len(config.batches) - 1) / 2)
            low, middle, high = np.quantile(each.ratios, (0.05, 0.5, 0.95))
            label = f"batch {batch}" if each.name == names[0] else None
            panel.plot([low, high], [row, row], color=colour, linewidth=1.2)
            panel.plot([middle], [row], "o", color=colour, markersize=4, label=label)
    panel.axvline(1, color=MUTED, linestyle=":", linewidth=1)
    name_rows(panel, names)
    panel.set_xlabel(f"time of a step, relative to {config.reference}", color=INK)
    panel.set_xlim(left=0)
    figure.legend(loc="outside lower center", ncols=len(config.batches))
    return figure


def _answer(config: CostConfig, numbers: CostNumbers) -> list[str]:
    said = []
    for batch in config.batches:
        found = {each.name: _middle(each) for each in numbers.times if each.batch == batch}
        slowest = max(found, key=lambda name: found[name])
        said.append(
            f"At batch {batch} a step takes, relative to {config.reference}: "
            + ", ".join(f"{name} {ratio:.2f}" for name, ratio in found.items() if name != config.reference)
            + f"; the slowest is {slowest}."
        )
    return said


def _middle(times: StepTimes) -> float:
    return float(np.median(times.ratios))


def _table(config: CostConfig, numbers: CostNumbers) -> StudyTable:
    return StudyTable(
        f"Median seconds of a step, and its ratio to {config.reference} with the middle 90 % of rounds",
        ["step", ">batch", ">seconds", ">ratio", ">from", ">to"],
        [
            [each.name, str(each.batch), f"{np.median(each.seconds):.4f}",
             *(f"{value:.3f}" for value in np.quantile(each.ratios, (0.5, 0.05, 0.95)))]
            for each in numbers.times
        ],
    )  # fmt: skip
