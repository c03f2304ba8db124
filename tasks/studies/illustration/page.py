"""What the page of the study `illustration` says."""

from functools import partial

from tasks.studies.illustration.config import IllustrationConfig
from tasks.studies.illustration.figure import draw_distance, draw_illustration
from tasks.studies.illustration.sample import IllustrationNumbers
from tasks.studies.page.content import StudyFigure, StudyPage


def illustration_page(config: IllustrationConfig, numbers: IllustrationNumbers) -> StudyPage:
    """The page, from one sample and many."""
    first, last = numbers.distance[0], numbers.distance[-1]
    return StudyPage(
        name="illustration",
        title="A sample while it is balanced",
        question=(
            "A sample of a joint whose marginals are known: what do half steps make of it, and does it come nearer to "
            "the joint that it was drawn from?"
        ),
        answer=[
            f"Over {config.repetitions:,} samples of {config.sample} pairs the mean total variation from the joint "
            f"goes from {first:.4f} ± {numbers.half_width[0]:.4f} to {last:.4f} ± {numbers.half_width[-1]:.4f} after "
            f"{config.half_steps} half steps, {100 * (last / first - 1):+.1f} %."
        ],
        figures={
            "illustration": StudyFigure(
                partial(draw_illustration, numbers),
                "One sample after every half step, darker cells hold more, and its marginals as bars; dashed: the "
                "joint's own, which are the targets. A half step sets one marginal and moves the other.",
            ),
            "distance": StudyFigure(
                partial(draw_distance, numbers),
                "Mean total variation from the joint after every half step, with 95 % intervals over samples.",
            ),
        },
        method=(
            f"The joint is (1 − s) p pᵀ + s diag(p) with s = {config.dependence:g} and a long-tailed p of "
            f"{config.values} values; half steps are x, y, x, …, to p on either side. Values that a sample lacks get "
            f"no mass. Seed {config.seed}.",
        ),
        numbers=numbers.model_dump(mode="json"),
    )
