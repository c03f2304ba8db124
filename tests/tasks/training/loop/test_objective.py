"""Regularisers of one branch: each is its own function times its weight, and trees are measured without a gradient."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tasks.training.config import RegulariserConfig
from tasks.training.loop.objective import regularise
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.regularisers.wasserstein import wasserstein_uniformity
from tasks.training.tregs.treg import mst_length, treg


def features() -> Tensor:
    return torch.randn(20, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()


@pytest.mark.parametrize(("gamma", "lambda_"), ((0.7, 0.3), (0.7, 0.0), (0.0, 0.3)))
def test_treg_is_treg(gamma: float, lambda_: float) -> None:
    points = features()
    term, tree = regularise(points, RegulariserConfig(gamma=gamma, lambda_=lambda_), 0, watch_tree=False)
    torch.testing.assert_close(term, treg(points, gamma=gamma, lambda_=lambda_))
    torch.testing.assert_close(tree, mst_length(points) / 20)


@pytest.mark.parametrize(
    ("kind", "function"),
    (
        ("koleo", koleo),
        ("uniformity", uniformity),
        ("wasserstein", wasserstein_uniformity),
        ("vicreg", variance_covariance),
        ("sigreg", sigreg),
    ),
)
def test_the_others_are_their_functions_times_the_weight(kind: str, function: Callable[[Tensor], Tensor]) -> None:
    points = features()
    term, tree = regularise(points, RegulariserConfig(kind=kind, weight=0.5), 0, watch_tree=False)
    torch.testing.assert_close(term, 0.5 * function(points))
    assert tree.isnan()


def test_sigreg_looks_elsewhere_at_every_step() -> None:
    config = RegulariserConfig(kind="sigreg", weight=1)
    terms = [regularise(features(), config, step, watch_tree=False)[0] for step in (0, 1, 0)]
    assert terms[0] == terms[2] != terms[1]


def test_without_weight_the_tree_is_measured_only_when_watched_and_has_no_gradient() -> None:
    term, tree = regularise(features(), RegulariserConfig(), 0, watch_tree=True)
    assert term is None and not tree.requires_grad
    torch.testing.assert_close(tree, mst_length(features()) / 20)
    assert regularise(features(), RegulariserConfig(), 0, watch_tree=False)[1].isnan()
