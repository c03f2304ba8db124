"""The best correlation over crops and places."""

import numpy as np
import pytest

from tasks.embedding.pictures.pixels import local_detail
from tasks.screening.pictures.alignment import SIDE, WINDOW, aligned_distances
from tests.tasks.screening.conftest import scene, thumbnails


def test_equals_correlation_by_numpy() -> None:
    left, right = thumbnails([scene(0)]), thumbnails([scene(1), scene(2)])
    detail = [local_detail(some, 1 / 8) for some in (left, right)]
    template = detail[0][0][:, 4:28, 4:28].astype(np.float64)
    template -= template.mean(axis=(1, 2), keepdims=True)
    expected = []
    for picture in detail[1].astype(np.float64):
        windows = np.lib.stride_tricks.sliding_window_view(picture, (24, 24), axis=(1, 2)).transpose(1, 2, 0, 3, 4)
        windows = windows - windows.mean(axis=(3, 4), keepdims=True)
        inner = (windows * template).sum(axis=(2, 3, 4))
        expected.append((inner / np.linalg.norm(template) / np.sqrt((windows**2).sum(axis=(2, 3, 4)))).max())
    found = aligned_distances(left, right, np.array([[0, 0], [0, 1]]), np.zeros(2, bool))
    assert (1 - found**2 / 2 >= np.array(expected) - 1e-5).all()  # two more crops may do better, never worse
    same = aligned_distances(left, left, np.array([[0, 0]]), np.zeros(1, bool))
    assert same[0] == pytest.approx(0, abs=2e-3)


def distance(left: np.ndarray, right: np.ndarray, *, mirrored: bool = False) -> float:
    return float(aligned_distances(left[None], right[None], np.array([[0, 0]]), np.array([mirrored]))[0])


def test_brightness_and_contrast_do_not_matter() -> None:
    one, two = (thumbnails([scene(k)])[0] // 4 for k in (0, 1))
    assert distance(one + np.uint8(90), two) == pytest.approx(distance(one, two), abs=1e-4)
    assert distance(3 * one, two) == pytest.approx(distance(one, two), abs=1e-4)


def test_mirroring_both_is_mirroring_neither_and_one_is_the_flag() -> None:
    one, two = thumbnails([scene(0), scene(1)])
    turned = distance(one[..., ::-1], two[..., ::-1])
    assert turned == pytest.approx(distance(one, two), abs=0.03)  # crops of odd sides stand half a pixel off the centre
    assert distance(one[..., ::-1], two, mirrored=True) == pytest.approx(distance(one, two), abs=1e-6)


@pytest.mark.parametrize("shift", [(0, 0), (4, 0), (-3, 2), (4, -4)])
def test_a_shift_within_the_edge_is_undone(shift: tuple[int, int]) -> None:
    large = np.asarray(scene(4, 48)).transpose(2, 0, 1)
    y, x = 8 + shift[0], 8 + shift[1]
    edge = (SIDE - WINDOW) // 2
    assert abs(shift[0]) <= edge and abs(shift[1]) <= edge
    assert distance(large[:, 8:40, 8:40], large[:, y : y + SIDE, x : x + SIDE]) < 0.25
    assert distance(large[:, 8:40, 8:40], thumbnails([scene(5)])[0]) > 0.8


def test_pairs_are_measured_one_by_one_in_any_order_and_none_is_none() -> None:
    pictures, others = thumbnails([scene(k) for k in range(3)]), thumbnails([scene(k) for k in range(3, 7)])
    pairs = np.array([[2, 0], [0, 3], [2, 1], [1, 1], [2, 0]])
    mirrored = np.array([False, True, True, False, True])
    found = aligned_distances(pictures, others, pairs, mirrored)
    alone = [distance(pictures[a], others[b], mirrored=bool(m)) for (a, b), m in zip(pairs, mirrored, strict=True)]
    np.testing.assert_array_equal(found, np.array(alone, np.float32))
    order = np.array([3, 1, 4, 0, 2])
    np.testing.assert_array_equal(aligned_distances(pictures, others, pairs[order], mirrored[order]), found[order])
    assert aligned_distances(pictures, others, pairs[:0], mirrored[:0]).shape == (0,)


def test_a_picture_without_detail_is_far_from_all() -> None:
    flat, one = np.full((3, SIDE, SIDE), 90, np.uint8), thumbnails([scene(0)])[0]
    assert distance(flat, one) == pytest.approx(np.sqrt(2)) and distance(one, flat) == 2
