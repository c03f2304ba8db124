"""Clusters of features."""

import numpy as np
import pytest

from storage.errors import InputError
from tasks.studies.balance_k.cells import clusters


def test_clusters_that_lie_apart_are_found_and_numbered_by_size() -> None:
    generator = np.random.default_rng(0)
    size = (10, 30, 20)
    centre = np.eye(3) * 10
    truth = np.repeat(np.arange(3), size)
    features = (centre[truth] + 0.1 * generator.normal(size=(60, 3))).astype(np.float32)
    found = clusters(features, 3, seed=0)
    assert np.bincount(found).tolist() == [30, 20, 10]
    assert all(len(set(found[truth == each])) == 1 for each in range(3))
    np.testing.assert_array_equal(found, clusters(features, 3, seed=0))


def test_too_few_pairs() -> None:
    with pytest.raises(InputError, match="only 2 pairs"):
        clusters(np.eye(2, dtype=np.float32), 3, seed=0)
