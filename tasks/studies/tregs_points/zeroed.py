"""Gaussian points of which a share of the coordinates is zero: which measures see that directions are missing."""

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
from tasks.training.tregs.treg import mst_length


class Zeroed(Config):
    """One measure at every share of zeroed coordinates; larger is more uniform."""

    name: str = Field(description="of the measure")
    share: tuple[float, ...] = Field(description="of the coordinates")
    values: tuple[tuple[float, ...], ...] = Field(description="by share, then by draw")


def measure_zeroed(config: PointsConfig) -> list[Zeroed]:
    """T-REGS' uniformity over n - 1, L_u, W₂, and VICReg's two terms, each turned so that more is better."""
    measures = {
        "T-REGS": lambda points: (
            treg_uniformity(mst_length(functional.normalize(points, dim=1)).item(), points.shape[1]) / (len(points) - 1)
        ),
        "−L_u": lambda points: -uniformity(points).item(),
        "−W₂": lambda points: -wasserstein_uniformity(points).item(),
        "−VICReg's variance": lambda points: -variance_covariance(points, covariance_weight=0).item(),
        "−VICReg's covariance": lambda points: -variance_covariance(points, variance_weight=0).item(),
    }
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in measures}
    for share in config.zeroed:
        drawn = [_points(config, share, draw) for draw in range(config.draws)]
        for name, measure in measures.items():
            found[name].append(tuple(measure(points) for points in drawn))
    return [Zeroed(name=name, share=config.zeroed, values=tuple(values)) for name, values in found.items()]


def _points(config: PointsConfig, share: float, draw: int) -> Tensor:
    generator = torch.Generator().manual_seed(1_000 * config.seed + draw)
    points = torch.randn(config.gaussian_points, config.gaussian_dimension, generator=generator)
    points[:, config.gaussian_dimension - round(share * config.gaussian_dimension) :] = 0
    return points
