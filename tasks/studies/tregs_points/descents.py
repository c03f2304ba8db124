"""Points that are moved by a regulariser alone, and where they come to."""

from collections.abc import Callable, Sequence

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from storage.config import Config
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.studies.tregs_points.config import PointsConfig
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.regularisers.wasserstein import wasserstein_uniformity
from tasks.training.selfsupervised.collapse import effective_rank
from tasks.training.tregs.study import Descent, circle_start, collapsed_start, descend, simplex_start
from tasks.training.tregs.treg import mst_length, treg

_SHOWN = 400
"""Values of a distribution that are kept: its quantiles."""


class Moved(Config):
    """One descent.

    The norms and trees are those of every step; cosines and singular values are quantiles and all, of the ends.
    """

    name: str = Field(description="of the descent")
    points: int = Field(description="n")
    dimension: int = Field(description="d")
    radius: float | None = Field(
        description="where the norms are predicted to settle; null: nowhere, or by nothing known"
    )
    norm: tuple[float, ...] = Field(description="mean norm at every step")
    tree: tuple[float, ...] = Field(description="length of the tree at every step; empty where it was not measured")
    cosines: tuple[tuple[float, ...], tuple[float, ...]] = Field(description="of all pairs, at the start and the end")
    spectrum: tuple[tuple[float, ...], tuple[float, ...]] = Field(description="singular values, centred, the same")
    rank: tuple[float, float] = Field(description="effective rank, the same")
    uniformity: tuple[float, float] = Field(description="T-REGS' uniformity of the normalised points, the same")
    places: tuple[tuple[tuple[float, ...], ...], ...] = Field(
        default=(), description="of the points at the start and the end, where there are two or three dimensions"
    )

    @property
    def cosine_error(self) -> float:
        """The largest deviation of the end's cosines from the regular simplex's, `-1 / (n - 1)`."""
        ideal = -1 / (self.points - 1)
        return max(abs(value - ideal) for value in self.cosines[1])


def few_points(config: PointsConfig) -> list[Moved]:
    """A regular simplex, a circle, a sphere in three dimensions, a collapsed batch, and trees that nothing holds."""
    circle = {"gamma": 1.0, "lambda_": 1.0, "rate": 0.2, "steps": config.sphere_steps, "optimiser": "gradient"}
    simplex = descend(simplex_start(seed=config.seed), gamma=0.2, lambda_=1.0, rate=0.05, steps=config.steps)
    n = config.collapsed_points
    return [
        moved("simplex", simplex),
        moved("circle", descend(circle_start(config.sphere_points, config.seed + 1), **circle)),  # type: ignore[arg-type]
        moved("sphere", descend(sphere_start(config.sphere_points, config.seed + 2), **circle)),  # type: ignore[arg-type]
        moved("collapsed", descend(collapsed_start(n, n, seed=config.seed + 4), gamma=0.2, lambda_=1.0, rate=0.05,
                                   steps=config.steps // 2)),
        moved("tree alone", descend(simplex_start(seed=config.seed), gamma=0.2, lambda_=0.0, rate=0.05,
                                    steps=config.steps)),
    ]  # fmt: skip


def many_points(config: PointsConfig) -> Moved:
    """As many points as dimensions, from within 1e-3 of one point: `e_1 + noise`."""
    n = config.large_points
    start = collapsed_start(n, n, seed=config.seed + 5)
    return moved("large", descend(start, gamma=0.2, lambda_=1.0, rate=0.05, steps=config.large_steps))


PEERS: dict[str, Callable[[Tensor], Tensor]] = {
    "T-REG": lambda points: treg(points, gamma=0.2, lambda_=1.0),
    "VICReg's variance and covariance": variance_covariance,
    "Barlow Twins' decorrelation": lambda points: decorrelation(points),
    "L_u": uniformity,
    "W₂": wasserstein_uniformity,
}
"""What moves a Gaussian: methods of the covariance are content with one, T-REG and L_u are not."""


def peers(config: PointsConfig) -> list[Moved]:
    """The same standard normal points, as many as dimensions, moved by each regulariser."""
    n = config.peers_points
    start = simplex_start(n, n, config.seed + 6)
    return [moved(name, slide(start, term, steps=config.peers_steps, rate=0.05)) for name, term in PEERS.items()]


def decorrelation(points: Tensor) -> Tensor:
    """Barlow Twins' second sum on one set, `Σ_{j≠k} C_jk²`, of the correlation over points; a scalar over d."""
    standard = (points - points.mean(dim=0)) / points.std(dim=0, correction=0).clamp(min=1e-6)
    correlation = standard.T @ standard / len(points)
    return (correlation.square().sum() - correlation.diagonal().square().sum()) / points.shape[1]


def slide(start: Tensor, term: Callable[[Tensor], Tensor], *, steps: int, rate: float) -> Descent:
    """Points `[n, d]` down a term's gradient by Adam, the rate falling along a cosine.

    Args:
        start: the points, which stay as they are.
        term: to be minimised.
        steps: how many.
        rate: Adam's.
    """
    points = start.clone().requires_grad_()
    minimiser = torch.optim.Adam([points], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(minimiser, steps)
    norms = []
    for _ in range(steps):
        minimiser.zero_grad()
        term(points).backward()
        norms.append(torch.linalg.vector_norm(points.detach(), dim=1).mean().item())
        minimiser.step()
        schedule.step()
    return Descent(start.clone(), points.detach().clone(), (), tuple(norms), float("inf"))


def sphere_start(points: int = 256, seed: int = 2) -> Tensor:
    """Points `[n, 3]` crowded about one pole of the unit sphere."""
    generator = torch.Generator().manual_seed(seed)
    near = torch.tensor([0.0, 0.0, 1.0]) + 0.3 * torch.randn(points, 3, generator=generator)
    return functional.normalize(near, dim=1)


def moved(name: str, descent: Descent) -> Moved:
    """What is kept of a descent."""
    ends = (descent.start, descent.end)
    count, dimension = descent.start.shape
    return Moved(
        name=name,
        points=count,
        dimension=dimension,
        radius=descent.radius if descent.radius < float("inf") else None,
        norm=_rounded(descent.norm),
        tree=_rounded(descent.tree),
        cosines=(_cosines(descent.start), _cosines(descent.end)),
        spectrum=(_spectrum(descent.start), _spectrum(descent.end)),
        rank=(effective_rank(_centred(descent.start)), effective_rank(_centred(descent.end))),
        uniformity=(_uniformity(descent.start), _uniformity(descent.end)),
        places=tuple(tuple(map(tuple, points.tolist())) for points in ends) if dimension <= 3 else (),
    )


def _cosines(points: Tensor) -> tuple[float, ...]:
    """Quantiles of the cosines of all pairs, the smallest and the largest among them."""
    unit = functional.normalize(points.double(), dim=1)
    values = (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)].sort().values
    chosen = torch.linspace(0, len(values) - 1, min(_SHOWN, len(values))).round().long()
    return tuple(values[chosen].tolist())


def _spectrum(points: Tensor) -> tuple[float, ...]:
    """Without the value that centring makes zero."""
    return _rounded(torch.linalg.svdvals(_centred(points.double()))[: min(points.shape) - 1].tolist())


def _uniformity(points: Tensor) -> float:
    unit = functional.normalize(points, dim=1)
    return treg_uniformity(mst_length(unit).item(), points.shape[1])


def _centred(points: Tensor) -> Tensor:
    return points - points.mean(dim=0)


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.7g}") for value in values)
