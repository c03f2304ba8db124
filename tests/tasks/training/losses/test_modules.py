"""The losses as modules: open_clip's contract, bias and autocast; T-REG as a module."""

import pickle
import re

import pytest
import torch
from open_clip.loss import ClipLoss
from torch.nn import functional

from storage.errors import InputError
from tasks.training.losses.modules import BalancedClipLoss, TregLoss
from tasks.training.losses.siglip import SigLipLoss
from tasks.training.tregs.treg import treg
from tests.tasks.training.accelerator import accelerator


def features(n: int = 32, d: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = functional.normalize(torch.randn(n, d, generator=generator), dim=1)
    return image, functional.normalize(image + 0.3 * torch.randn(n, d, generator=generator), dim=1)


def test_in_the_place_of_clip_loss():
    image, text = features()
    scale = torch.tensor(30.0)
    theirs = ClipLoss()(image, text, scale, output_dict=True)
    ours = BalancedClipLoss(1)(image, text, scale, output_dict=True)
    assert ours.keys() == theirs.keys()
    torch.testing.assert_close(ours["contrastive_loss"], theirs["contrastive_loss"])


@pytest.mark.parametrize("steps", (0, 1, 2, 5))
def test_a_constant_bias_changes_nothing_and_is_accepted(steps):
    image, text = features()
    loss = BalancedClipLoss(steps)
    scale = torch.tensor(30.0)
    biased = loss(image, text, logit_scale=scale, logit_bias=torch.tensor(-10.0))
    torch.testing.assert_close(biased, loss(image, text, logit_scale=scale))


def test_the_loss_is_float32_inside_autocast():
    image, text = features(300)
    scale = torch.tensor(100.0)
    outside = BalancedClipLoss(2)(image, text, scale)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = BalancedClipLoss(2)(image, text, scale)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, outside)


def test_siglip_is_offered_by_import():
    image, text = features()
    assert SigLipLoss()(image, text, torch.tensor(10.0), torch.tensor(-10.0)).isfinite()


def test_wrong_settings_are_named():
    with pytest.raises(InputError, match="at least 0"):
        BalancedClipLoss(-1)
    with pytest.raises(InputError, match="2 half-steps only"):
        BalancedClipLoss(1, "surrogate")
    assert "half_steps=2" in repr(BalancedClipLoss(2))


def points(n: int = 40, d: int = 6) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_treg_as_a_module():
    z = points()
    torch.testing.assert_close(TregLoss(0.2, 0.1)(z), treg(z, gamma=0.2, lambda_=0.1))
    assert "gamma=0.2" in repr(TregLoss(0.2, 0.1))
    again = pickle.loads(pickle.dumps(TregLoss(0.2, 0.1)))  # as a spawned rank gets it
    torch.testing.assert_close(again(z), treg(z, gamma=0.2, lambda_=0.1))


@pytest.mark.parametrize(
    ("image", "text"), (((5, 3), (4, 3)), ((5, 3), (5, 4)), ((5,), (5,)), ((2, 5, 3), (2, 5, 3)), ((0, 3), (0, 3)))
)
def test_features_of_other_shapes_are_named(image, text):
    for loss in (BalancedClipLoss(2), BalancedClipLoss(2, "surrogate")):
        with pytest.raises(InputError, match=re.escape(f"not {list(image)} and {list(text)}")):
            loss(torch.ones(image), torch.ones(text), 10.0)


def test_a_scale_is_one_number():
    image, text = features()
    torch.testing.assert_close(
        BalancedClipLoss(2)(image, text, torch.tensor([30.0])), BalancedClipLoss(2)(image, text, 30)
    )
    with pytest.raises(InputError, match=r"one number, not \[40\]"):
        BalancedClipLoss(2)(image, text, torch.ones(40))


def started(loss, n: int) -> int:
    """Operations that an accelerator is asked to start for a loss of `n` pairs and its gradients."""
    image, text = (torch.randn(n, 16, device="meta", requires_grad=True) for _ in range(2))
    scale = torch.full((), 30.0, device="meta").requires_grad_()
    with accelerator() as watch:
        torch.autograd.grad(loss(image, text, scale), [image, text, scale])
    return watch.started


def test_an_accelerator_is_asked_for_little_and_nobody_waits_for_it():
    """The chain where its matrices fit: no more operations than CLIP's own loss; potentials and tiles never wait."""
    theirs = started(ClipLoss(), 512)
    for n in (64, 512, 8192):
        assert started(BalancedClipLoss(1), n) <= started(BalancedClipLoss(2), n) <= theirs
        assert started(BalancedClipLoss(5), n) <= 1.5 * theirs
    for n, k in ((16_000, 2), (10_000, 5), (16_384, 0), (16_384, 2), (20_000, 5)):
        assert started(BalancedClipLoss(k), n) > 2 * theirs
    started(BalancedClipLoss(2, "surrogate"), 512)
    image = torch.randn(8, 4, device="meta")
    with accelerator():
        BalancedClipLoss(2)(image, image, 30.0, logit_bias=torch.zeros((), device="meta"))


def test_what_makes_a_host_wait_is_refused():
    values = torch.randn(8, 4, device="meta")
    with accelerator(), pytest.raises(AssertionError, match="makes the host wait"):
        torch.ones(()).to(values)
    with accelerator(), pytest.raises(RuntimeError, match="meta"):
        values.sum().item()
    with accelerator(), pytest.raises(NotImplementedError, match="nonzero"):
        values[values > 0]
    with accelerator() as watch:
        torch.ones(3).to("meta", non_blocking=True)
    assert watch.started == 2
