"""LARS against its formula, and its trust ratio's promises."""

import pytest
import torch
from torch import nn

from tasks.training.config import OptimiserConfig
from tasks.training.loop.lars import Lars
from tasks.training.loop.optimiser import build_optimiser

CONFIG = OptimiserConfig(name="lars", learning_rate=0.4, weight_decay=1e-2, trust=0.02)


def layer() -> nn.Linear:
    generator = torch.Generator().manual_seed(0)
    made = nn.Linear(5, 3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
            parameter.grad = torch.randn(parameter.shape, generator=generator)
    return made


def test_two_steps_are_the_formulas():
    made = layer()
    weight, bias, slope = made.weight.detach().clone(), made.bias.detach().clone(), made.weight.grad.clone()
    optimiser = build_optimiser(made, CONFIG)
    velocity = torch.zeros_like(weight)
    for _ in range(2):
        optimiser.step()
        ratio = 0.02 * weight.norm() / (slope.norm() + 1e-2 * weight.norm())
        velocity = 0.9 * velocity + ratio * (slope + 1e-2 * weight)
        weight = weight - 0.4 * velocity
    torch.testing.assert_close(made.weight.detach(), weight)
    torch.testing.assert_close(made.bias.detach(), bias - 0.4 * (1 + 1.9) * made.bias.grad)  # no decay, no trust


@pytest.mark.parametrize("factor", (1e-6, 1.0, 1e6))
def test_the_gradients_scale_does_not_matter_to_matrices(factor):
    made = layer()
    before = made.weight.detach().clone()
    made.weight.grad *= factor
    Lars([{"params": [made.weight]}], lr=1.0, momentum=0.9, trust=0.02).step()
    moved = (made.weight.detach() - before).norm() / before.norm()
    torch.testing.assert_close(moved, torch.tensor(0.02))


def test_a_tensor_of_zeros_moves_by_its_gradient():
    weight = nn.Parameter(torch.zeros(2, 2))
    weight.grad = torch.ones(2, 2)
    Lars([{"params": [weight]}], lr=0.5, momentum=0.9, trust=0.02).step()
    assert (weight == -0.5).all()
