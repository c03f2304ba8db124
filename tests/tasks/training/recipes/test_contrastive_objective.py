"""CLIP's objective: the loss of normalised features, the norms of the others, a regulariser of either branch."""

import math
from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn import functional

from tasks.training.config import LossConfig, RegulariserConfig
from tasks.training.losses.balanced import balanced_contrastive_loss
from tasks.training.models.heads import Heads
from tasks.training.recipes.contrastive_objective import ContrastiveObjective
from tasks.training.tregs.treg import mst_length, treg
from tests.tasks.training.accelerator import accelerator


def branches() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(12, 5, generator=generator), torch.randn(12, 5, generator=generator)


def objective(**options: object) -> ContrastiveObjective:
    model = Heads(5, 5, hidden=8, outputs=4, logit_scale=20)
    regulariser = RegulariserConfig(gamma=0.2, lambda_=0.1)
    return ContrastiveObjective(model, LossConfig(half_steps=2), options.pop("regulariser", regulariser), **options)


def test_every_measure_is_what_its_name_says() -> None:
    image, text = branches()
    made = objective()
    loss, values = made.measure(image, text)
    found = dict(zip(made.measures, values.tolist(), strict=True))
    unit = [functional.normalize(each, dim=1) for each in (image, text)]
    contrastive = balanced_contrastive_loss(20 * unit[0] @ unit[1].T, 2)
    whole = contrastive + sum(treg(each, gamma=0.2, lambda_=0.1) for each in (image, text))
    assert found == pytest.approx(
        {
            "loss": whole.item(),
            "contrastive": contrastive.item(),
            "logit_scale": 20.0,
            "image_norm": torch.linalg.vector_norm(image, dim=1).mean().item(),
            "text_norm": torch.linalg.vector_norm(text, dim=1).mean().item(),
            "image_tree": mst_length(image).item() / 12,
            "text_tree": mst_length(text).item() / 12,
        },
        rel=1e-5,
    )
    torch.testing.assert_close(loss, whole)


def test_trees_are_measured_where_watched_only() -> None:
    none = RegulariserConfig()
    assert objective(regulariser=none).measure(*branches()).values[-2:].isnan().all()
    assert objective(regulariser=none, watch_trees=True).measure(*branches()).values[-2:].isfinite().all()


def test_a_feature_of_zeros_gives_no_nan() -> None:
    image, text = branches()
    image[0] = 0
    image.requires_grad_()
    objective().measure(image, text).loss.backward()
    assert image.grad.isfinite().all()


def test_a_models_own_bias_is_taken() -> None:
    made = objective()
    bare = made.measure(*branches()).loss
    made.model.logit_bias = nn.Parameter(torch.tensor(math.pi))
    torch.testing.assert_close(made.measure(*branches()).loss, bare)  # a constant changes nothing


@pytest.mark.parametrize("kind", get_args(RegulariserConfig.model_fields["kind"].annotation))
def test_no_step_waits_for_an_accelerator(kind: str) -> None:
    """Whatever the regulariser; of Wasserstein's eigenvalues a library reads on a card whether they were found."""
    weights = {"gamma": 0.2, "lambda_": 0.1} if kind == "tregs" else {"weight": 0.1}
    made = objective(regulariser=RegulariserConfig(kind=kind, **weights), watch_trees=True).to("meta")
    with accelerator():
        made(torch.randn(32, 5, device="meta"), torch.randn(32, 5, device="meta"), 3).loss.backward()
    assert all(parameter.grad is not None for parameter in made.parameters())
