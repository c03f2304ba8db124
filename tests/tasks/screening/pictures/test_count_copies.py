"""Counts of copies at several distances."""

import numpy as np
import pytest

from tasks.screening.pictures.alignment import SIDE
from tasks.screening.pictures.count_copies import count_pairs
from tasks.screening.pictures.same_pictures import NearestPictures
from tasks.screening.pictures.thumbnails import Pictures


def pictures(labels: list[int], unreadable: int = 0) -> Pictures:
    n = len(labels)
    rows = np.arange(n)
    thumbnails = np.zeros((n, 3, SIDE, SIDE), np.uint8)
    return Pictures((), thumbnails, np.zeros(n, int), rows, [""] * n, np.array(labels), unreadable)


FOUND = NearestPictures(np.array([0, 0, 1]), np.array([0.1, 0.35, 0.65], np.float32), np.array([True, False, True]))


def test_pairs_are_counted_within_each_distance() -> None:
    numbers = count_pairs(FOUND, pictures([7, 8], unreadable=1), pictures([7, 8, 8], unreadable=2), 0.35)
    assert (numbers["train"], numbers["evaluation"], numbers["unreadable"]) == (2, 3, 3)
    assert (numbers["same_pictures"], numbers["mirrored"], numbers["training_pictures"]) == (2, 1, 1)
    by_distance = {each["distance"]: (each["pairs"], each["same_class"]) for each in numbers["by_distance"]}
    assert by_distance[0.3] == (1, 1.0) and by_distance[0.35] == (2, 0.5)
    assert by_distance[2.0] == (3, pytest.approx(2 / 3))


def test_without_classes_their_agreement_is_not_claimed() -> None:
    numbers = count_pairs(FOUND, pictures([-1, -1]), pictures([7, 8, 8]), 0.05)
    assert numbers["same_pictures"] == 0
    assert {each["same_class"] for each in numbers["by_distance"]} == {None}
