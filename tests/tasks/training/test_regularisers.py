"""The regularisers beside T-REG: closed forms, the papers' formulas, gradients."""

import math

import pytest
import torch
from torch.nn import functional

from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.regularisers.wasserstein import wasserstein_uniformity


def points(n: int = 40, d: int = 6) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.mark.parametrize("term", (koleo, uniformity, wasserstein_uniformity, variance_covariance, sigreg))
def test_gradients_are_finite_differences(term):
    assert torch.autograd.gradcheck(term, (points(9, 4).requires_grad_(),))


@pytest.mark.parametrize("term", (koleo, uniformity, wasserstein_uniformity, variance_covariance, sigreg))
def test_collapsed_points_cost_more_than_spread_ones_and_stay_finite(term):
    spread = points(64, 6)
    collapsed = (torch.ones(64, 6, dtype=torch.float64)).requires_grad_()
    value = term(collapsed)
    value.backward()
    assert value > term(spread)
    assert collapsed.grad.isfinite().all()


def test_koleo_of_points_on_the_axes():
    assert koleo(torch.eye(5)).item() == pytest.approx(-math.log(math.sqrt(2)), abs=1e-6)


def test_uniformity_of_two_opposite_points():
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item() == pytest.approx(-8.0)


def test_koleo_and_uniformity_as_the_papers_write_them():
    z = points(50, 7)
    unit = functional.normalize(z, dim=1)
    distances = torch.cdist(unit, unit) + 9 * torch.eye(50, dtype=torch.float64)
    torch.testing.assert_close(koleo(z), -torch.log(distances.amin(dim=1) + 1e-8).mean(), atol=1e-7, rtol=1e-7)
    torch.testing.assert_close(uniformity(z), torch.exp(-2 * torch.pdist(unit).square()).mean().log())


@pytest.mark.parametrize("shape", ((60, 5), (7, 30)))
def test_the_wasserstein_distance_as_its_paper_writes_it(shape):
    unit = functional.normalize(points(*shape), dim=1)
    mean, covariance = unit.mean(dim=0), torch.cov(unit.T, correction=0)
    root = torch.linalg.eigvalsh(covariance).clamp(min=0).sqrt().sum()
    expected = mean.square().sum() + 1 + covariance.trace() - 2 / math.sqrt(shape[1]) * root
    torch.testing.assert_close(wasserstein_uniformity(points(*shape)), expected.sqrt(), atol=1e-6, rtol=1e-6)


def test_the_wasserstein_distance_of_a_nan_is_one():
    assert wasserstein_uniformity(torch.full((4, 3), torch.nan)).isnan()


def test_the_wasserstein_distance_of_a_point_and_of_a_cross_polytope():
    assert wasserstein_uniformity(torch.ones(8, 4)).item() == pytest.approx(math.sqrt(2), abs=1e-6)
    corners = torch.cat([torch.eye(6), -torch.eye(6)]).double()  # mean 0, covariance I / 6: N(0, I / d) to two moments
    assert wasserstein_uniformity(corners).item() == pytest.approx(0, abs=1e-7)


def test_sigreg_is_the_epps_pulley_statistic_in_closed_form():
    """`n ∫ |φ_n(t) - e^(-t²/2)|² e^(-t²/2) dt` of numbers x, all three integrals being Gaussian."""
    x = points(40, 1)[:, 0]
    pairs = math.sqrt(2 * math.pi) * torch.exp(-(x[:, None] - x[None, :]).square() / 2).sum() / 40
    cross = 2 * math.sqrt(math.pi) * torch.exp(-x.square() / 4).sum()
    torch.testing.assert_close(
        sigreg(x[:, None]), pairs - cross + 40 * math.sqrt(2 * math.pi / 3), atol=1e-4, rtol=1e-4
    )


def test_variance_covariance_written_out():
    z = points(30, 5)
    covariance = torch.cov(z.T)
    off_diagonal = covariance - torch.diag(covariance.diagonal())
    expected = 25 * torch.relu(1 - torch.sqrt(covariance.diagonal() + 1e-4)).mean() + off_diagonal.square().sum() / 5
    torch.testing.assert_close(variance_covariance(z), expected)
    wide = points(5, 30)
    covariance = torch.cov(wide.T)
    off_diagonal = covariance - torch.diag(covariance.diagonal())
    expected = 25 * torch.relu(1 - torch.sqrt(covariance.diagonal() + 1e-4)).mean() + off_diagonal.square().sum() / 30
    torch.testing.assert_close(variance_covariance(wide), expected)


def test_sigreg_prefers_the_standard_normal():
    z = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    values = [sigreg(z * factor).item() for factor in (0.5, 1.0, 2.0)]
    assert values[1] < 0.05 * min(values[0], values[2])
    assert sigreg(z, seed=1) != sigreg(z, seed=2)
