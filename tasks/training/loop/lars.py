"""LARS: stochastic gradient descent with a step for each tensor that is in proportion to its own size."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


class Lars(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling (You, Gitman & Ginsburg 2017, arXiv 1708.03888).

    For a tensor of two or more dimensions, `v ← μ v + η ‖w‖ / (‖g‖ + δ ‖w‖) · (g + δ w)` and `w ← w - rate · v`, with
    weight decay δ; gains, biases and any tensor that is zero take the plain gradient.

    groups: parameter groups, each with its `weight_decay`. lr: rate. momentum: μ. trust: η.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, lr: float, momentum: float, trust: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "trust": trust, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # noqa: ANN401  as the base class has it
        """One step down the parameters' gradients; those without a gradient stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)
        return loss

    def _move(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        change = gradient + group["weight_decay"] * parameter
        if parameter.ndim > 1:
            size, slope = torch.linalg.vector_norm(parameter), torch.linalg.vector_norm(gradient)
            ratio = group["trust"] * size / (slope + group["weight_decay"] * size)
            change = change * torch.where((size > 0) & (slope > 0), ratio, 1.0)
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        velocity = state["velocity"].mul_(group["momentum"]).add_(change)
        parameter.sub_(group["lr"] * velocity)
