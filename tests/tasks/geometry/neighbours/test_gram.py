"""The halved Gram matrix against the whole product."""

import pytest
import torch

from tasks.geometry.neighbours.gram import symmetric_product


@pytest.mark.parametrize("n", (1, 2, 63, 64, 65, 256, 300))
def test_the_halved_gram_matrix_is_the_whole_one(n):
    points = torch.randn(n, 20, generator=torch.Generator().manual_seed(n))
    gram = symmetric_product(points)
    assert torch.equal(gram, gram.T)
    torch.testing.assert_close(gram, points @ points.T, atol=1e-5, rtol=1e-5)
