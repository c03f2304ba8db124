"""The loss by potentials is the chain of its definition, value and gradient, in either kernel."""

import pytest
import torch
from torch.nn import functional

from tasks.training.distributed.ranks import Ranks
from tasks.training.losses import potentials
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.losses.exp_matrix import HeldLogits, LogKernel, ScalingKernel
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.unrolled import unrolled_loss

STEPS = (0, 1, 2, 3, 5)


def logits_of(n: int, scale: float, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    image = functional.normalize(torch.randn(n, 16, generator=generator, dtype=dtype), dim=1)
    text = functional.normalize(image + 0.5 * torch.randn(n, 16, generator=generator, dtype=dtype), dim=1)
    return scale * image @ text.T


def with_gradient(function, logits):
    leaf = logits.clone().requires_grad_()
    value = function(leaf)
    return value.detach(), torch.autograd.grad(value, leaf)[0]


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("n", (1, 2, 7, 300))
@pytest.mark.parametrize("scale", (1.0, 14.0, 100.0))
def test_potentials_are_the_chain(steps, n, scale):
    logits = logits_of(n, scale)
    chain, chain_gradient = with_gradient(lambda x: unrolled_loss(x, steps), logits)
    fast, fast_gradient = with_gradient(lambda x: balanced_loss(x, steps), logits)
    torch.testing.assert_close(fast, chain, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(fast_gradient, chain_gradient, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("steps", STEPS)
def test_gradient_is_the_finite_difference(steps):
    logits = logits_of(6, 5.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: balanced_loss(x, steps), (logits,), eps=1e-6, atol=1e-8)


def test_logits_beyond_the_kernels_range_take_the_safe_way():
    logits = torch.full((4, 4), -500.0) + torch.diag(torch.tensor([900.0, 0.0, -300.0, 500.0]))
    logits = logits.float()
    kernel, _ = potentials._solve(logits, 3, Ranks())
    assert isinstance(kernel, LogKernel)
    chain, chain_gradient = with_gradient(lambda x: unrolled_loss(x, 3), logits)
    fast, fast_gradient = with_gradient(lambda x: balanced_loss(x, 3), logits)
    torch.testing.assert_close(fast, chain)
    torch.testing.assert_close(fast_gradient, chain_gradient)


@pytest.mark.parametrize("steps", STEPS)
def test_float32_at_scale_100_is_as_close_to_float64_as_the_chain(steps):
    logits = logits_of(300, 100.0)
    wide, wide_gradient = with_gradient(lambda x: unrolled_loss(x, steps), logits)
    chain, chain_gradient = with_gradient(lambda x: unrolled_loss(x, steps), logits.float())
    fast, fast_gradient = with_gradient(lambda x: balanced_loss(x, steps), logits.float())
    assert abs(fast - wide) < 2 * abs(chain - wide) + 1e-4
    assert 300 * (fast_gradient - wide_gradient).abs().max() < 600 * (chain_gradient - wide_gradient).abs().max() + 1e-5


def test_second_backward_gives_the_same_gradient():
    logits = logits_of(20, 5.0).requires_grad_()
    value = balanced_loss(logits, 2)
    (first,) = torch.autograd.grad(value, logits, retain_graph=True)
    (second,) = torch.autograd.grad(value, logits)
    torch.testing.assert_close(first, second)


def test_not_finite_logits_give_a_loss_that_is_not_finite():
    logits = torch.zeros(300, 300)
    logits[3, 4] = torch.nan
    assert not torch.isfinite(balanced_contrastive_loss(logits, 2))


@pytest.mark.parametrize("steps", STEPS)
def test_both_kernels_agree(steps):
    logits = logits_of(64, 100.0)
    terms = []
    for kernel in (ScalingKernel(logits, Ranks()), LogKernel(HeldLogits(logits), Ranks())):
        chains = potentials.chains_of(kernel, steps, Ranks())
        terms.append(kernel.gradient(potentials.gradient_terms(kernel, chains, 64)))
    torch.testing.assert_close(*terms, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("steps", (0, 1, 2, 3))
def test_a_gradient_that_is_to_be_differentiated_can_be(steps):
    logits = torch.randn(5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: balanced_loss(x, steps), (logits,))
