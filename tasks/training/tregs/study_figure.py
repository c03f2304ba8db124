"""The figure of `equipoise study tregs-points`: what T-REG alone does to a simplex, a circle and a collapsed batch."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tasks.training.tregs.study import Descent, circle_start, collapsed_start, descend, simplex_start

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PointsStudy:
    """Three descents.

    Attributes:
        simplex: few points in many dimensions.
        circle: points crowded on one side of a circle.
        collapsed: points all but collapsed to one.
        cosine_error: the largest deviation of the first one's cosines from a regular simplex's.
    """

    simplex: Descent
    circle: Descent
    collapsed: Descent
    cosine_error: float


def study_points() -> PointsStudy:
    """32 points in R^64, 256 crowded on a circle, 256 in R^256 within 1e-3 of one point: under a minute on one core."""
    simplex = descend(simplex_start(), gamma=0.2, lambda_=1.0, rate=0.05, steps=1200)
    circle = descend(circle_start(), gamma=1.0, lambda_=1.0, rate=0.2, steps=1200, optimiser="gradient")
    collapsed = descend(collapsed_start(), gamma=0.2, lambda_=1.0, rate=0.05, steps=600)
    ideal = -1 / (len(simplex.end) - 1)
    return PointsStudy(simplex, circle, collapsed, float((simplex.cosines - ideal).abs().max()))


def draw_points(study: PointsStudy) -> "Figure":
    """Four panels: cosines of the simplex, the circle before and after, spectra of the collapsed batch, norms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 3.4), layout="constrained")
    cosines, circle, spectra, norms = figure.subplots(1, 4)
    _draw_cosines(cosines, study)
    _draw_circle(circle, study.circle)
    _draw_spectra(spectra, study.collapsed)
    for name, descent, colour in (("simplex", study.simplex, "C0"), ("collapsed", study.collapsed, "C1")):
        norms.plot(descent.norm, color=colour, label=name)
        norms.axhline(descent.radius, color=colour, linestyle=":", linewidth=1)
    norms.set(title="norms and predicted radius", xlabel="step", ylabel="mean ‖z‖")
    norms.legend(frameon=False)
    return figure


def _draw_cosines(axes: "Axes", study: PointsStudy) -> None:
    points = len(study.simplex.end)
    start = torch.nn.functional.normalize(study.simplex.start, dim=1)
    before = (start @ start.T)[~torch.eye(points, dtype=torch.bool)]
    axes.hist(before.numpy(), bins=60, range=(-0.6, 0.6), color="0.8", label="start")
    axes.hist(study.simplex.cosines.numpy(), bins=60, range=(-0.6, 0.6), color="C0", label="end")
    axes.axvline(-1 / (points - 1), color="black", linestyle=":", linewidth=1)
    axes.set(
        title=f"{points} points: cosines, −1/{points - 1} ± {study.cosine_error:.0e}", xlabel="cosine", yscale="log"
    )
    axes.legend(frameon=False)


def _draw_circle(axes: "Axes", circle: Descent) -> None:
    axes.scatter(circle.start[:, 0].numpy(), circle.start[:, 1].numpy(), s=6, color="0.7", label="start")
    axes.scatter(circle.end[:, 0].numpy(), circle.end[:, 1].numpy(), s=6, color="C0", label="end")
    axes.set(title=f"{len(circle.end)} points on a circle", aspect="equal")
    axes.legend(frameon=False, loc="center")


def _draw_spectra(axes: "Axes", collapsed: Descent) -> None:
    for name, points, colour in (("start", collapsed.start, "0.7"), ("end", collapsed.end, "C0")):
        axes.plot(_spectrum(points).numpy(), color=colour, label=name)
    axes.set(title="collapsed batch: singular values", xlabel="index", yscale="log")
    axes.legend(frameon=False)


def _spectrum(points: Tensor) -> Tensor:
    """Singular values of the centred points, without the one that centring makes zero."""
    return torch.linalg.svdvals(points - points.mean(dim=0))[: min(points.shape) - 1]
