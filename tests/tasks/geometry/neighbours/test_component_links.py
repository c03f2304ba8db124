"""The shortest link between every two components: all pairs measured in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.geometry.neighbours.component_links import component_links, shorter_link
from tasks.geometry.neighbours.tile_layout import group_by_pivots
from tests.tasks.geometry.conftest import TRAPS


def brute(points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared lengths and ends; of equally short links the first pair in the order of positions."""
    count = int(labels.max()) + 1
    exact = points.astype(np.float64)
    squared, ends = np.full((count, count), np.inf), np.full((count, count, 2), -1)
    for low in range(len(points)):
        distances = ((exact[low] - exact[low + 1 :]) ** 2).sum(axis=1)
        for label in set(labels[low + 1 :].tolist()) - {int(labels[low])}:
            others = np.flatnonzero(labels[low + 1 :] == label)
            nearest = others[np.argmin(distances[others])]
            if distances[nearest] < squared[labels[low], label]:
                for a, b in ((labels[low], label), (label, labels[low])):
                    squared[a, b], ends[a, b] = distances[nearest], (low, low + 1 + nearest)
    return squared, ends


@pytest.mark.parametrize("trap", ["gaussian", "ties of a grid", "sixteen tight clusters", "offset by 100"])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_equals_all_pairs(trap: str, count: int) -> None:
    points = TRAPS[trap](700, 5, 0)
    labels = np.random.default_rng(1).integers(0, count, 700).astype(np.int32)
    labels[:count] = np.arange(count)
    found = component_links(points, group_by_pivots(points), labels)
    squared, ends = brute(points, labels)
    np.testing.assert_allclose(found.squared, squared, rtol=1e-12)
    assert np.array_equal(found.ends, ends)
    shared = component_links(points, np.zeros(700, np.int32), labels, workers=3)
    assert np.array_equal(shared.squared, found.squared) and np.array_equal(shared.ends, found.ends)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.integers(0, 2), st.integers(3, 5)), min_size=2, max_size=2))
def test_links_are_ordered_by_length_and_then_by_ends(links: list[tuple[float, int, int]]) -> None:
    first, second = links
    assert shorter_link(*first, second[0], np.array(second[1:], np.int32)) == (first < second)
