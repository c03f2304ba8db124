"""Small pictures and a small configuration for the tests of self-supervised training."""

import numpy as np
import torch

from tasks.training.config import OptimiserConfig, RegulariserConfig, ScheduleConfig
from tasks.training.data.pairs import PairSet
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.training import pictures_of

SMALL = SelfSupervisedConfig(
    network="small", steps=4, batch=32, hidden=64, outputs=32, side=16, schedule=ScheduleConfig(warmup=2)
)


def textures(n: int = 256) -> PairSet:
    """A texture each, a small random tile repeated, 16 pixels square."""
    tiles = torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return pictures_of((255 * tiles.repeat(1, 1, 4, 4)).to(torch.uint8).numpy())


def weighted(gamma: float, lambda_: float, **changes: object) -> SelfSupervisedConfig:
    """The small configuration at other weights of T-REG, with steps enough to collapse or to spread."""
    return SMALL.model_copy(
        update={
            "steps": 80,
            "batch": 32,
            "hidden": 128,
            "outputs": 64,
            "optimiser": OptimiserConfig(learning_rate=2e-3, weight_decay=1e-4, beta2=0.999, clip_norm=None),
            "regulariser": RegulariserConfig(gamma=gamma, lambda_=lambda_),
            **changes,
        }
    )


def places(n: int) -> np.ndarray:
    """The places of a whole batch."""
    return np.arange(n)
