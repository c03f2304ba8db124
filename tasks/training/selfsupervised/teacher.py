"""A teacher: a copy of the network that follows it as a moving average, and gives targets without a gradient."""

import copy
import math

import torch
from torch import Tensor, nn

from tasks.training.selfsupervised.config import TeacherConfig


class Teacher(nn.Module):
    """`θ' ← m θ' + (1 - m) θ` after every step; batch normalisation takes its own batches' statistics, as in BYOL."""

    def __init__(self, network: nn.Module, config: TeacherConfig, steps: int) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).requires_grad_(False)
        self.config, self.steps = config, steps

    @torch.no_grad()
    def forward(self, view: Tensor) -> Tensor:
        """Pictures `[b, 3, s, s]` → what the copy makes of them, without gradient."""
        given: Tensor = self.network(view)
        return given

    def momentum(self, step: int) -> float:
        """M after the step of this number, from 0: along half a cosine from `start` to `end`."""
        done = (1 - math.cos(math.pi * min(step + 1, self.steps) / self.steps)) / 2
        return self.config.start + (self.config.end - self.config.start) * done

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Take a part of the network's parameters; buffers stay its own."""
        share = 1 - self.momentum(step)
        for own, given in zip(self.network.parameters(), network.parameters(), strict=True):
            own.lerp_(given, share)
