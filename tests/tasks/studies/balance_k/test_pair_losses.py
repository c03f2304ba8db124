"""Pairs' losses and gradients, against autograd through the whole heads and the exact norm of a gradient."""

import pytest
import torch
from torch.nn import functional

from tasks.studies.balance_k.pair_losses import pair_losses
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.models.heads import Heads


def heads() -> Heads:
    torch.manual_seed(0)
    return Heads(6, 5, hidden=7, layers=2, outputs=4, logit_scale=10.0)


def features(count: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 6, generator=generator), torch.randn(count, 5, generator=generator)


def test_the_mean_of_the_pairs_losses_is_clips_loss() -> None:
    model, (image, text) = heads(), features()
    values = pair_losses(model, image, text, directions=2, seed=0)
    points, captions, scale = model(image, text)
    assert values[:, 0].mean() == pytest.approx(balanced_contrastive_loss(scale * points @ captions.T).item(), rel=1e-5)


def test_the_components_have_the_gradients_norm() -> None:
    model, (image, text) = heads(), features()
    values = pair_losses(model, image, text, directions=20_000, seed=0)
    with torch.no_grad():
        points, captions, scale = model(image, text)
    own = functional.normalize(model.encode_image(image[3:4]), dim=-1)
    theirs = functional.normalize(model.encode_text(text[3:4]), dim=-1)
    right = torch.tensor([3])
    loss = 0.5 * (
        functional.cross_entropy(scale * torch.cat([own @ captions[:3].T, own @ captions[3:].T], 1), right)
        + functional.cross_entropy(scale * theirs @ points.T, right)
    )
    slopes = torch.autograd.grad(loss, [model.image_encoder.out.weight, model.text_encoder.out.weight])
    norm = sum(float((slope**2).sum()) for slope in slopes)
    assert (values[3, 1:] ** 2).mean() == pytest.approx(norm, rel=0.1)
    assert values[3, 0] == pytest.approx(loss.item(), rel=1e-5)
