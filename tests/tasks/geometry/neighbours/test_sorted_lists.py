"""Lists kept in order: by sorting everything that was entered."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.geometry.neighbours.sorted_lists import displace, distance_of_label, enter

ENTERED = st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=12)


def empty(k: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(k, -1, np.int32), np.full(k, np.inf, np.float32)


@settings(max_examples=150, deadline=None)
@given(ENTERED, st.integers(1, 5), st.randoms())
def test_the_nearest_stay_whatever_the_order(distances: list[float], k: int, random: object) -> None:
    points = list(enumerate(distances))
    random.shuffle(points)  # type: ignore[attr-defined]
    positions, squared = empty(k)
    for point, distance in points:
        enter(positions, squared, np.int32(point), np.float32(distance))
    expected = sorted((distance, point) for point, distance in points)[:k]
    assert positions.tolist() == [point for _, point in expected] + [-1] * (k - len(expected))
    assert squared.tolist() == [distance for distance, _ in expected] + [np.inf] * (k - len(expected))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 3)), max_size=12), st.randoms())
def test_one_entry_a_component(entered: list[tuple[float, int]], random: object) -> None:
    """Room for all four components: the nearest point of each, the lower position of equally near ones."""
    labels = np.array([label for _, label in entered], np.int32)
    points = list(range(len(entered)))
    random.shuffle(points)  # type: ignore[attr-defined]
    positions, squared = empty(4)
    for point in points:
        distance = np.float32(entered[point][0])
        if displace(positions, squared, labels, np.int32(point), distance):
            enter(positions, squared, np.int32(point), distance)
    nearest: dict[int, tuple[float, int]] = {}
    for point, (distance, label) in enumerate(entered):
        nearest[label] = min(nearest.get(label, (np.inf, point)), (distance, point))
    expected = sorted(nearest.values())
    assert positions[: len(expected)].tolist() == [point for _, point in expected]
    assert (positions[len(expected) :] == -1).all() and np.isinf(squared[len(expected) :]).all()
    for label in range(4):
        wanted = nearest.get(label, (np.inf, -1))[0]
        assert distance_of_label(positions, squared, labels, label) == wanted
