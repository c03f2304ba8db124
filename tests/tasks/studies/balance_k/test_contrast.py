"""The contrast matrix: its marginals by hand, and the signal of a gradient where it is known."""

import numpy as np
import pytest
import torch

from tasks.studies.balance_k.contrast import contrast_marginals, contrast_spread, signal_to_noise
from tasks.training.losses.balanced import balanced_contrastive_loss
from tests.tasks.studies.balance_k.test_pair_losses import features, heads


def test_marginals_by_hand() -> None:
    matrix = torch.tensor([[3.0, 1.0], [1.0, 1.0]]).double()
    rows, columns = contrast_marginals(matrix.log(), 2, rows_first=True)
    np.testing.assert_allclose(rows[0], [4 / 3, 2 / 3])
    np.testing.assert_allclose(columns[0], [4 / 3, 2 / 3])
    np.testing.assert_allclose(rows[1], [1, 1])
    np.testing.assert_allclose(columns[1], [5 / 4, 3 / 4])
    np.testing.assert_allclose(columns[2], [1, 1])
    np.testing.assert_allclose(rows[2], [3 / 5 + 1 / 3, 2 / 5 + 2 / 3])
    turned = contrast_marginals(matrix.log(), 2, rows_first=False)
    np.testing.assert_allclose(turned[1][1], [1, 1])
    np.testing.assert_allclose(turned[0][1], [5 / 4, 3 / 4])


def test_the_signal_of_known_vectors() -> None:
    """Vectors `m + z` of d dimensions with unit noise: `‖m‖² / d`, within its standard error's reach."""
    generator = np.random.default_rng(0)
    vectors = np.r_[2.0, np.zeros(9)] + generator.normal(size=(2000, 10))
    signal, error = signal_to_noise(vectors @ vectors.T)
    assert abs(signal - 0.4) < 4 * error and error < 0.03


def test_losses_are_the_balanced_ones() -> None:
    model, (image, text) = heads(), features(24)
    batches = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]])
    found = contrast_spread(model, image, text, batches, 2, confidence=0.95)
    points, captions, scale = model(image[4:8], text[4:8])
    for k in range(3):
        loss = balanced_contrastive_loss(scale * points @ captions.T, k)
        assert found.loss[k, 1] == pytest.approx(loss.item(), rel=1e-4)
    assert (found.low <= found.signal).all() and (found.signal <= found.high).all()
