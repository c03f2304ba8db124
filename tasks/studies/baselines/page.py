"""What the page of the study `baselines` says."""

from functools import partial

from tasks.balancing.theory.simulation import ESTIMATORS
from tasks.studies.baselines.config import BaselinesConfig
from tasks.studies.baselines.figure import draw_cuts, draw_grid
from tasks.studies.baselines.grid import BaselinesNumbers
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable

QUESTION = (
    "Balancing needs marginals that are known. How do the sample mean, inverse propensity weights and balancing "
    "compare (Figure 5 of The Benefits of Balance) as the two variables depend on each other and the given marginals "
    "are wrong?"
)


def baselines_page(config: BaselinesConfig, numbers: BaselinesNumbers) -> StudyPage:
    """The page, from the simulated grid."""
    cells = [(row, column) for row in range(len(numbers.misspecification)) for column in range(len(numbers.dependence))]
    wins = {name: sum(numbers.winner(*cell) == name for cell in cells) for name in ESTIMATORS}
    breaks = [
        next(
            (ε for row, ε in enumerate(numbers.misspecification) if numbers.winner(row, column) != ESTIMATORS[2]), None
        )
        for column in range(len(numbers.dependence))
    ]
    first = [value for value in breaks if value is not None]
    return StudyPage(
        name="baselines",
        title="Balanced, weighted and plain means",
        question=QUESTION,
        answer=[
            f"Of {len(cells)} points, the error is least "
            + ", ".join(f"{count} times for the {name}" for name, count in wins.items())
            + ".",
            "With marginals that are wrong by "
            + (f"{min(first):g} or more another estimator can be better than balancing." if first else
               "no amount tried is another estimator better than balancing."),
            _against_theory(numbers),
        ],
        figures={
            "cuts": StudyFigure(
                partial(draw_cuts, numbers),
                f"Mean squared error over {config.repetitions:,} samples of {config.sample} pairs, with 95 % "
                "intervals; dotted and dashed: the theorem's.",
            ),
            "grid": StudyFigure(
                partial(draw_grid, numbers),
                "log₂ of the error over that of the sample mean, over the whole grid; blue and negative: it gains.",
            ),
        },
        tables=[_table(name, numbers) for name in ESTIMATORS],
        method=(
            f"Both variables take {config.values} values with a long-tailed marginal p; P = (1 − s) p pᵀ + s diag(p), "
            "so that every singular value but the first is s. The last two estimators are given (1 − ε) p + ε q, q "
            "the reverse of p.",
            f"{config.half_steps} half steps, x first; one fixed test function. Seed {config.seed}.",
        ),
        numbers=numbers.model_dump(mode="json"),
    )  # fmt: skip


def _against_theory(numbers: BaselinesNumbers) -> str:
    if numbers.misspecification[0] != 0:
        return "The theorem needs correct marginals, which were not among those tried."
    ratios = [
        numbers.mse[ESTIMATORS[2]][0][column] / row[-1] for column, row in enumerate(numbers.theory) if row[-1] > 0
    ]
    if not ratios:
        return "The theorem's variance is zero throughout."
    return (
        f"With correct marginals the balanced estimator's error is {min(ratios):.2f} to {max(ratios):.2f} times what "
        "the theorem says."
    )


def _table(name: str, numbers: BaselinesNumbers) -> StudyTable:
    return StudyTable(
        f"Mean squared error of the {name} estimator, × 10⁻³",
        ["ε", *(f">s = {value:g}" for value in numbers.dependence)],
        [
            [
                f"{epsilon:g}",
                *(f"{1e3 * value:.3g} ± {1e3 * half:.1g}" for value, half in zip(row, halves, strict=True)),
            ]
            for epsilon, row, halves in zip(
                numbers.misspecification, numbers.mse[name], numbers.interval[name], strict=True
            )
        ],
    )
