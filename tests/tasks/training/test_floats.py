"""Arithmetic in float32 at least, of whatever numbers people give."""

import pytest
import torch

from tasks.training.floats import at_least_float32
from tasks.training.losses.modules import BalancedClipLoss
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.selfsupervised.collapse import effective_rank, participation_ratio, spread
from tasks.training.tregs.treg import mst_length, sphere_penalty


@pytest.mark.parametrize(
    ("given", "wanted"),
    ((torch.float64, torch.float64), (torch.float32, torch.float32), (torch.bfloat16, torch.float32),
     (torch.float16, torch.float32), (torch.int64, torch.float32), (torch.uint8, torch.float32)),
)  # fmt: skip
def test_types(given: torch.dtype, wanted: torch.dtype) -> None:
    assert at_least_float32(torch.ones(2, dtype=given)).dtype == wanted


@pytest.mark.parametrize(
    "measure",
    (mst_length, sphere_penalty, koleo, uniformity, variance_covariance, sigreg, spread, participation_ratio,
     effective_rank),
)  # fmt: skip
def test_whole_numbers_are_points_too(measure) -> None:
    points = torch.tensor([[0, 1, 4], [2, 0, 1], [5, 3, 0], [1, 1, 1], [0, 7, 2]])
    assert measure(points) == pytest.approx(float(measure(points.float())), rel=1e-6)


@pytest.mark.parametrize("scale", (30, 30.0, torch.tensor(30), torch.tensor(30.0, dtype=torch.float64)))
def test_a_logit_scale_of_any_kind(scale) -> None:
    image = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    loss = BalancedClipLoss(2)
    torch.testing.assert_close(loss(image, image, scale), loss(image, image, torch.tensor(30.0)))
    torch.testing.assert_close(loss(image, image, 30.0, logit_bias=-10), loss(image, image, torch.tensor(30.0)))
