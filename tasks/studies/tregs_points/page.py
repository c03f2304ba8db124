"""What the page of the study `tregs-points` says."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from pydantic import Field

from storage.config import Config
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.tregs_points.config import PointsConfig
from tasks.studies.tregs_points.descents import Moved, few_points, many_points, peers
from tasks.studies.tregs_points.figure import draw_norms, draw_peers, draw_spectra, draw_spheres, draw_zeroed
from tasks.studies.tregs_points.zeroed import Zeroed, measure_zeroed


class PointsNumbers(Config):
    """All that was measured."""

    few: tuple[Moved, ...] = Field(description="simplex, circle, sphere, collapsed, tree alone")
    large: Moved = Field(description="as many points as dimensions")
    peers: tuple[Moved, ...] = Field(description="a Gaussian, moved by each regulariser")
    zeroed: tuple[Zeroed, ...] = Field(description="measures of a Gaussian with zeroed coordinates")

    def named(self) -> Mapping[str, Moved]:
        """The first ones by name."""
        return {each.name: each for each in self.few}


def measure_points(config: PointsConfig) -> PointsNumbers:
    """Every part of the study."""
    return PointsNumbers(
        few=tuple(few_points(config)),
        large=many_points(config),
        peers=tuple(peers(config)),
        zeroed=tuple(measure_zeroed(config)),
    )


def points_page(config: PointsConfig, numbers: PointsNumbers) -> StudyPage:
    """The page, from what was measured."""
    found = numbers.named()
    return StudyPage(
        name="tregs-points",
        title="Points under T-REG",
        question="What does T-REG do to points when no network stands between (T-REGS, section 4 and Figure 3)? Does "
        "it spread them to a regular simplex, over a sphere, and out of a collapse; what does the tree do alone; and "
        "what do methods of the covariance leave undone?",
        answer=_answer(numbers),
        figures={
            "spheres": StudyFigure(
                partial(draw_spheres, found["circle"], found["sphere"]),
                "Points crowded on one side, before and after: on the circle, and on the sphere seen from both sides.",
            ),
            "norms": StudyFigure(
                partial(draw_norms, (found["simplex"], found["collapsed"], numbers.large), found["tree alone"]),
                "Mean length of the points at every step, and where theory says that it settles.",
            ),
            "spectra": StudyFigure(
                partial(draw_spectra, (found["collapsed"], numbers.large)),
                "Singular values of batches that began within 1e-3 of one point.",
            ),
            "peers": StudyFigure(
                partial(draw_peers, numbers.peers),
                f"Cosines of all pairs of {numbers.peers[0].points} Gaussian points in as many dimensions, after each "
                "regulariser has moved them: flat is equidistant.",
            ),
            "zeroed": StudyFigure(
                partial(draw_zeroed, numbers.zeroed),
                f"Measures of {config.gaussian_points:,} Gaussian points in {config.gaussian_dimension:,} dimensions, "
                f"a share of their coordinates zeroed; mean and range of {config.draws} draws. Up is more uniform.",
            ),
        },
        tables=[_table([*numbers.few, numbers.large, *numbers.peers]), _zeroed_table(numbers.zeroed)],
        method=[
            "Adam at 0.05 falling along a cosine, γ = 0.2, λ = 1; gradient descent with γ = λ = 1 on circle and "
            f"sphere. {config.steps} steps for few points, {config.large_steps} for {config.large_points}.",
            "The Gaussian is moved with each regulariser alone at the same rate; its directions count, so cosines are "
            "shown. Barlow Twins' term is its second sum, on one set of points.",
            "With zeroed coordinates T-REGS, L_u and W₂ are of normalised points, VICReg's terms of the points as "
            "they are.",
            f"Seed {config.seed}. Nothing is drawn but the starts.",
        ],
        limits=["Points are free here; a network's embeddings are not, and their batches change with every step."],
        numbers=numbers.model_dump(mode="json"),
    )


def _answer(numbers: PointsNumbers) -> list[str]:
    found = numbers.named()
    simplex, sphere, alone = found["simplex"], found["sphere"], found["tree alone"]
    spread = ", ".join(f"{each.name} {_range(each):.3f}" for each in numbers.peers)
    falling = [each.name for each in numbers.zeroed if _falls(each)]
    rising = [each.name for each in numbers.zeroed if not _falls(each)]
    return [
        f"{simplex.points} points in {simplex.dimension} dimensions reach the regular simplex: no cosine is further "
        f"than {simplex.cosine_error:.1e} from −1/{simplex.points - 1}, and the mean length is {simplex.norm[-1]:.4f} "
        f"(predicted {simplex.radius or 0:.4f}).",
        f"On the sphere in 3-d the tree of {sphere.points} crowded points, brought to length 1, grows "
        f"{sphere.uniformity[1] / sphere.uniformity[0]:.1f} times.",
        f"Out of a collapse to 1e-3, {numbers.large.points} points in {numbers.large.dimension} dimensions come to an "
        f"effective rank of {numbers.large.rank[1]:.0f} and a length of {numbers.large.norm[-1]:.3f} (predicted "
        f"{numbers.large.radius or 0:.3f}).",
        f"The tree alone diverges: the mean length goes from {alone.norm[0]:.1f} to {alone.norm[-1]:.1f} in "
        f"{len(alone.norm)} steps.",
        f"Cosines of the moved Gaussian still range over: {spread}.",
        "With coordinates zeroed, these fall throughout: " + (", ".join(falling) or "none")
        + ("; these rise somewhere: " + ", ".join(rising) if rising else "") + ".",
    ]  # fmt: skip


def _range(descent: Moved) -> float:
    """Between the 1st and the 99th percentile of the end's cosines."""
    low, high = np.quantile(descent.cosines[1], (0.01, 0.99))
    return float(high - low)


def _falls(measure: Zeroed) -> bool:
    means = np.array(measure.values).mean(axis=1)
    return bool((np.diff(means) <= 0).all())


def _table(descents: Sequence[Moved]) -> StudyTable:
    return StudyTable(
        "Before and after: effective rank of the centred points, T-REGS' uniformity of the normalised, mean length",
        ["points", ">n", ">d", ">rank", ">after", ">uniformity", ">after", ">length", ">after"],
        [
            [each.name, str(each.points), str(each.dimension), *(f"{value:.1f}" for value in each.rank),
             *(f"{value:.2f}" for value in each.uniformity), f"{each.norm[0]:.2f}", f"{each.norm[-1]:.2f}"]
            for each in descents
        ],
    )  # fmt: skip


def _zeroed_table(measures: Sequence[Zeroed]) -> StudyTable:
    return StudyTable(
        "Mean over draws, by the share of zeroed coordinates",
        ["measure", *(f">{100 * share:g} %" for share in measures[0].share)],
        [[each.name, *(f"{np.mean(values):.4g}" for values in each.values)] for each in measures],
    )
