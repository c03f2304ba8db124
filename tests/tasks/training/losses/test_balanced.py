"""The balanced loss: the paper's formulas, open_clip's loss, invariances, and the surrogate."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.loss import ClipLoss
from torch.nn import functional

from storage.errors import InputError
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.losses.potentials import balanced_loss

STEPS = (0, 1, 2, 3, 5)


def logits_of(n: int, scale: float, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    image = functional.normalize(torch.randn(n, 16, generator=generator, dtype=dtype), dim=1)
    text = functional.normalize(image + 0.5 * torch.randn(n, 16, generator=generator, dtype=dtype), dim=1)
    return scale * image @ text.T


def test_k_0_1_2_as_the_paper_writes_them():
    logits = logits_of(5, 3.0)
    rows, columns = functional.log_softmax(logits, 1), functional.log_softmax(logits, 0)
    twice = functional.log_softmax(rows, 0).diagonal() + functional.log_softmax(columns, 1).diagonal()
    expected = (
        -(logits.diagonal() - torch.logsumexp(logits.flatten(), 0)).mean(),
        -0.5 * (rows.diagonal() + columns.diagonal()).mean(),
        -0.5 * twice.mean(),
    )
    for steps, value in enumerate(expected):
        torch.testing.assert_close(balanced_contrastive_loss(logits, steps), value)


def test_k_1_is_open_clips_loss():
    generator = torch.Generator().manual_seed(1)
    image = functional.normalize(torch.randn(300, 8, generator=generator), dim=1)
    text = functional.normalize(torch.randn(300, 8, generator=generator), dim=1)
    ours = balanced_contrastive_loss(20 * image @ text.T, 1)
    torch.testing.assert_close(ours, ClipLoss()(image, text, torch.tensor(20.0)))


@pytest.mark.parametrize("n", (4, 300))
def test_no_preference_costs_log_n(n):
    for steps in (1, 2, 5):
        assert balanced_contrastive_loss(torch.zeros(n, n), steps).item() == pytest.approx(math.log(n), rel=1e-5)
    assert balanced_contrastive_loss(torch.zeros(n, n), 0).item() == pytest.approx(2 * math.log(n), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 6), st.integers(2, 9), st.integers(0, 10_000))
def test_invariances(steps, n, seed):
    logits = logits_of(n, 6.0, seed=seed)
    value = balanced_loss(logits, steps)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(balanced_loss(logits.T.contiguous(), steps), value)
    torch.testing.assert_close(balanced_loss(logits[order][:, order], steps), value)
    torch.testing.assert_close(balanced_loss(logits + 3.0, steps), value)


def test_many_half_steps_balance_the_plan():
    logits = logits_of(40, 5.0)
    _, gradient = with_gradient(lambda x: balanced_loss(x, 1), logits)
    plan = logits
    for step in range(400):
        plan = functional.log_softmax(plan, dim=step % 2)
    fixed_point = -plan.diagonal().mean()
    torch.testing.assert_close(balanced_loss(logits, 400), fixed_point, atol=1e-9, rtol=0)
    assert gradient.sum(dim=0).abs().max() < 1  # and rows and columns of any gradient sum to about nothing
    torch.testing.assert_close(gradient.sum(), torch.zeros((), dtype=torch.float64), atol=1e-12, rtol=0)


def test_under_autocast_the_loss_is_float32():
    logits = logits_of(300, 50.0, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = balanced_contrastive_loss(logits, 2)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, balanced_contrastive_loss(logits, 2))


def surrogate_cosine(scale: float) -> float:
    generator = torch.Generator().manual_seed(0)
    image = functional.normalize(torch.randn(128, 128, generator=generator, dtype=torch.float64), dim=1)
    noise = torch.randn(128, 128, generator=generator, dtype=torch.float64)
    text = functional.normalize(image + 0.15 * noise, dim=1)
    logits = scale * image @ text.T
    exact = with_gradient(lambda x: balanced_contrastive_loss(x, 2), logits)[1]
    surrogate = with_gradient(lambda x: balanced_contrastive_loss(x, 2, "surrogate"), logits)[1]
    return functional.cosine_similarity(exact.flatten(), surrogate.flatten(), dim=0).item()


def test_the_surrogate_agrees_at_small_scales_only():
    """k = 2's gradient and the authors' two-step variant: the same to first order in the scale, apart at 100."""
    assert surrogate_cosine(1.0) > 0.999
    assert surrogate_cosine(10.0) > 0.97
    assert 0.35 < surrogate_cosine(100.0) < 0.65


@pytest.mark.parametrize(
    ("logits", "steps", "gradient", "words"),
    [
        (torch.zeros(2, 3), 1, "unrolled", "square"),
        (torch.zeros(0, 0), 1, "unrolled", "square"),
        (torch.zeros(2, 2), -1, "unrolled", "half-steps"),
        (torch.zeros(2, 2), 1, "surrogate", "2 half-steps only"),
        (torch.zeros(2, 2), 1, "exact", "unrolled, surrogate"),
    ],
)
def test_wrong_arguments_are_named(logits, steps, gradient, words):
    with pytest.raises(InputError, match=words):
        balanced_contrastive_loss(logits, steps, gradient)


def with_gradient(function, logits):
    leaf = logits.clone().requires_grad_()
    value = function(leaf)
    return value.detach(), torch.autograd.grad(value, leaf)[0]
