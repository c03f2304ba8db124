"""Points moved by T-REG alone: the study that shows what the regulariser does before a network is involved."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from tasks.training.tregs.treg import equilibrium_radius, mst_length, treg


@dataclass(frozen=True)
class Descent:
    """Where points went.

    Attributes:
        start: `[n, d]`.
        end: `[n, d]`.
        tree: its length at every step.
        norm: the mean norm at every step.
        radius: where the norms are predicted to settle.
    """

    start: Tensor
    end: Tensor
    tree: tuple[float, ...]
    norm: tuple[float, ...]
    radius: float

    @property
    def cosines(self) -> Tensor:
        """Cosines of all pairs of end points, `[n (n-1)]`; of a regular simplex all are `-1/(n-1)`."""
        unit = torch.nn.functional.normalize(self.end, dim=1)
        return (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)]


def descend(
    start: Tensor,
    *,
    gamma: float,
    lambda_: float,
    steps: int,
    rate: float,
    optimiser: Literal["adam", "gradient"] = "adam",
) -> Descent:
    """Move points `[n, d]` down T-REG's gradient, the rate falling along a cosine.

    Args:
        start: the points, which stay as they are.
        gamma: weight of the spanning tree.
        lambda_: weight of the soft sphere.
        steps: how many.
        rate: Adam's step, or for plain gradient descent the step of one point's own share (the gradient times n).
        optimiser: which of the two.
    """
    points = start.clone().requires_grad_()
    minimiser = (
        torch.optim.Adam([points], lr=rate) if optimiser == "adam" else torch.optim.SGD([points], lr=rate * len(points))
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(minimiser, steps)
    trees, norms = [], []
    for _ in range(steps):
        minimiser.zero_grad()
        treg(points, gamma=gamma, lambda_=lambda_).backward()
        trees.append(mst_length(points.detach()).item())
        norms.append(torch.linalg.vector_norm(points.detach(), dim=1).mean().item())
        minimiser.step()
        schedule.step()
    radius = equilibrium_radius(len(start), gamma, lambda_)
    return Descent(start.clone(), points.detach().clone(), tuple(trees), tuple(norms), radius)


def simplex_start(points: int = 32, dimension: int = 64, seed: int = 0) -> Tensor:
    """Standard normal points `[n, d]`."""
    return torch.randn(points, dimension, generator=torch.Generator().manual_seed(seed))


def circle_start(points: int = 256, seed: int = 1) -> Tensor:
    """Points `[n, 2]` crowded on one side of the unit circle."""
    angle = 0.3 * torch.randn(points, generator=torch.Generator().manual_seed(seed))
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def collapsed_start(points: int = 256, dimension: int = 256, noise: float = 1e-3, seed: int = 4) -> Tensor:
    """Points `[n, d]` all but collapsed on the first axis: `e_1 + noise`.

    Args:
        points: n.
        dimension: d.
        noise: standard deviation of each coordinate.
        seed: of the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.eye(1, dimension) + noise * torch.randn(points, dimension, generator=generator)
