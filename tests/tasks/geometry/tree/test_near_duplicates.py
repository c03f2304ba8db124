"""Near-duplicates are single-linkage clusters."""

import numpy as np
import pytest

from tasks.geometry.tree.mst import minimum_spanning_tree
from tasks.geometry.tree.near_duplicates import duplicate_groups
from tests.tasks.geometry.conftest import gaussian


def test_groups_are_single_linkage() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage

    points = gaussian(200, 2)
    groups = duplicate_groups(minimum_spanning_tree(points), 0.15)
    flat = fcluster(linkage(points.astype(np.float64)), 0.15, "distance")
    sizes = np.bincount(flat)
    assert groups.positions.tolist() == np.flatnonzero(sizes[flat] > 1).tolist()
    assert groups.groups == (sizes > 1).sum()
    for position, first in zip(groups.positions, groups.group, strict=True):
        assert first == np.flatnonzero(flat == flat[position])[0]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_at_the_ends_all_points_are_alone_or_one_group(n: int) -> None:
    tree = minimum_spanning_tree(gaussian(n, 3))
    assert duplicate_groups(tree, 0).groups == 0 and not len(duplicate_groups(tree, 0).positions)
    whole = duplicate_groups(tree, np.inf)
    assert whole.groups == (n > 1) and whole.positions.tolist() == (list(range(n)) if n > 1 else [])
    assert not whole.group.any()
