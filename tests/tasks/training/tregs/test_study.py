"""Where T-REG takes points that nothing else pulls."""

import math

import pytest
import torch

from tasks.training.tregs.study import circle_start, collapsed_start, descend, simplex_start
from tasks.training.tregs.treg import mst_length


def test_32_points_in_64_dimensions_become_the_regular_simplex():
    study = descend(simplex_start(32, 64), gamma=0.2, lambda_=1.0, rate=0.05, steps=1200)
    assert (study.cosines + 1 / 31).abs().max() < 2e-3
    norms = torch.linalg.vector_norm(study.end, dim=1)
    assert (norms - study.radius).abs().max() < 5e-3
    assert mst_length(study.end).item() == pytest.approx(31 * study.radius * math.sqrt(2 * 32 / 31), rel=1e-3)


def test_256_points_crowded_on_a_circle_spread_around_it():
    """A tree cannot tell apart spacings along a line, so they end in a band around the circle, evenly by angle."""
    study = descend(circle_start(256), gamma=1.0, lambda_=1.0, rate=0.2, steps=1200, optimiser="gradient")
    angles = torch.atan2(study.end[:, 1], study.end[:, 0])
    sectors = torch.histc(angles, 16, -math.pi, math.pi)
    assert torch.histc(torch.atan2(study.start[:, 1], study.start[:, 0]), 16, -math.pi, math.pi).min() == 0
    assert sectors.min() >= 0.75 * 16
    assert sectors.max() <= 1.25 * 16
    assert study.tree[-1] > 3 * study.tree[0]


def test_a_collapsed_start_recovers():
    study = descend(collapsed_start(64, 64), gamma=0.2, lambda_=1.0, rate=0.05, steps=600)
    spectrum = torch.linalg.svdvals(study.end - study.end.mean(dim=0))
    assert spectrum[62] > 0.5 * spectrum[0]
