"""Measures of collapse on sets whose answer is known."""

import pytest
import torch

from tasks.training.selfsupervised.collapse import effective_rank, participation_ratio, spread


def gaussian(n: int, d: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("shape", ((400, 8), (40, 400)))
def test_participation_ratio_is_that_of_the_covariances_eigenvalues(shape):
    points = gaussian(*shape) * torch.linspace(0.1, 2, shape[1], dtype=torch.float64) + 5
    values = torch.linalg.eigvalsh(torch.cov(points.T))
    expected = values.sum().square() / values.square().sum()
    torch.testing.assert_close(participation_ratio(points), expected)


def test_ranks_count_equal_directions_and_scale_does_not_matter():
    basis = torch.linalg.qr(gaussian(64, 64))[0][:, :7]
    points = torch.cat([basis.T, -basis.T])  # 7 directions of equal variance
    for factor in (1e-3, 1.0, 1e3):
        assert participation_ratio(factor * points).item() == pytest.approx(7, rel=1e-6)
        assert effective_rank(factor * points) == pytest.approx(7, rel=1e-5)


def test_spread_is_one_when_centred_and_zero_at_a_point():
    points = gaussian(100, 16)
    assert spread(points - points.mean(dim=0)).item() == pytest.approx(1)
    assert spread(points * 1e-6 + 1).item() < 1e-5
    for measure in (spread, participation_ratio):
        assert measure(torch.zeros(4, 3)).isfinite()
    assert effective_rank(torch.zeros(4, 3)) == 1
