"""In tiles the loss is that of the whole matrix: value, every gradient, any size of a tile; and it holds no matrix."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from storage.errors import InputError
from tasks.training.losses import tiled
from tasks.training.losses.modules import BalancedClipLoss
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.tiled import tiled_balanced_loss, too_large_to_hold
from tasks.training.losses.unrolled import unrolled_loss

STEPS = pytest.mark.parametrize("steps", (0, 1, 2, 3, 5))


def inputs(n: int, scale: float, dtype: torch.dtype = torch.float64) -> list[Tensor]:
    generator = torch.Generator().manual_seed(n)
    image = functional.normalize(torch.randn(n, 9, generator=generator, dtype=torch.float64), dim=1)
    text = functional.normalize(image + 0.5 * torch.randn(n, 9, generator=generator, dtype=torch.float64), dim=1)
    return [each.to(dtype).requires_grad_() for each in (image, text, torch.tensor(scale, dtype=torch.float64))]


def with_gradients(function, leaves: list[Tensor]) -> list[Tensor]:
    value = function(*leaves)
    return [value.detach(), *torch.autograd.grad(3 * value, leaves)]


@STEPS
@pytest.mark.parametrize(("n", "tile"), ((1, 4), (2, 1), (37, 8), (64, 64), (101, 100), (150, 47)))
@pytest.mark.parametrize("scale", (1.0, 100.0))
def test_tiles_are_the_chain_in_float64(steps: int, n: int, tile: int, scale: float) -> None:
    leaves = inputs(n, scale)
    chain = with_gradients(lambda x, y, s: unrolled_loss(s * x @ y.T, steps), leaves)
    tiles = with_gradients(lambda x, y, s: tiled_balanced_loss(x, y, s, steps, tile=tile), leaves)
    for ours, theirs in zip(tiles, chain, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


@STEPS
@pytest.mark.parametrize("scale", (14.0, 100.0))
def test_tiles_are_the_dense_form_in_float32(steps: int, scale: float) -> None:
    """To 1e-6; at scale 100, where logits themselves are rounded by 4e-6 in either form, to 1e-5."""
    leaves, exact = inputs(400, scale, torch.float32), inputs(400, scale)
    tiles = with_gradients(lambda x, y, s: tiled_balanced_loss(x, y, s, steps, tile=33), leaves)
    dense = with_gradients(lambda x, y, s: balanced_loss(s * x @ y.T, steps), leaves)
    truth = with_gradients(lambda x, y, s: unrolled_loss(s * x @ y.T, steps), exact)
    for ours, theirs, right in zip(tiles, dense, truth, strict=True):
        tolerance = max(1e-6, scale * 1e-7)
        assert (ours - theirs).abs().max() < tolerance
        assert (ours - right).abs().max() < 2 * (theirs - right).abs().max() + tolerance


@pytest.mark.parametrize("steps", (0, 1, 2, 5))
def test_gradients_are_finite_differences(steps: int) -> None:
    leaves = inputs(5, 4.0)
    assert torch.autograd.gradcheck(lambda x, y, s: tiled_balanced_loss(x, y, s, steps, tile=2), leaves)


def test_blocks_are_all_that_is_held() -> None:
    """No tensor of the forward or backward pass has more elements than a tile of rows, or the features."""
    leaves = inputs(96, 10.0)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            found = function(*args, **(kwargs or {}))
            parts = found if isinstance(found, tuple | list) else (found,)
            largest = max([largest, *(part.untyped_storage().nbytes() for part in parts if isinstance(part, Tensor))])
            return found

    with Watch():
        with_gradients(lambda x, y, s: tiled_balanced_loss(x, y, s, 5, tile=8), leaves)
    assert 8 * 8 * 96 <= largest <= 8 * 9 * 96  # the block is 8 × 96, the features 96 × 9, of 8 bytes each


def test_what_is_not_finite_gives_no_finite_loss() -> None:
    leaves = inputs(40, 10.0, torch.float32)
    with torch.no_grad():
        leaves[1][3, 2] = torch.nan
    assert not torch.isfinite(tiled_balanced_loss(*leaves, 2, tile=16))


def test_a_large_batch_takes_tiles_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert too_large_to_hold(16_384, 16_384)
    assert not too_large_to_hold(16_383, 16_384)
    assert too_large_to_hold(4_096, 65_536)  # a rank of sixteen
    image, text, scale = inputs(48, 20.0)
    bias = torch.tensor(-3.0, dtype=torch.float64, requires_grad=True)
    loss = BalancedClipLoss(2)
    dense = with_gradients(lambda x, y, s, b: loss(x, y, s, b), [image, text, scale, bias])
    monkeypatch.setattr(tiled, "TILED_FROM", 48)
    monkeypatch.setattr("tasks.training.losses.modules.balanced_contrastive_loss", None)  # whoever holds it, fails
    tiles = with_gradients(lambda x, y, s, b: loss(x, y, s, b), [image, text, scale, bias])
    for ours, theirs in zip(tiles, dense, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


def test_a_gradient_that_is_to_be_differentiated_is_refused():
    image, text = (torch.randn(6, 3, requires_grad=True) for _ in range(2))
    loss = tiled_balanced_loss(image, text, torch.tensor(3.0), 2, tile=4)
    with pytest.raises(InputError, match="first derivatives only"):
        torch.autograd.grad(loss, image, create_graph=True)
