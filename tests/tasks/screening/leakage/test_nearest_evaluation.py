"""The nearest evaluation vector by brute force, and captions that repeat prompts."""

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.screening.leakage.nearest_evaluation import nearest_evaluation, plain_words, repeated_prompts
from tests.tasks.geometry.conftest import gaussian


def test_nearest_evaluation_is_brute_force() -> None:
    train, evaluation = gaussian(500, 6, 1), gaussian(90, 6, 2)
    found = nearest_evaluation(train, evaluation)
    distance = np.linalg.norm(train[:, None] - evaluation[None], axis=2)
    assert np.array_equal(found.position, distance.argmin(axis=1))
    np.testing.assert_allclose(found.distance, distance.min(axis=1), rtol=1e-5)
    with pytest.raises(InputError, match="same model"):
        nearest_evaluation(train, evaluation[:, :3])


def test_lists_whole_numbers_and_vectors_far_from_zero() -> None:
    """Wide numbers were rounded to float32 before they were compared."""
    whole = np.random.default_rng(0).integers(0, 1_000, (60, 3))
    expected = nearest_evaluation(whole.astype(np.float32), whole[:7].astype(np.float32))
    for shift in (0, 2**40, 1e9):
        found = nearest_evaluation((whole + shift).tolist(), whole[:7] + shift)
        assert np.array_equal(found.position, expected.position)
        np.testing.assert_allclose(found.distance, expected.distance, rtol=1e-6)


def test_equally_near_rows_the_first_and_no_training_rows_none() -> None:
    found = nearest_evaluation(np.zeros((2, 2)), np.array([[0, 1], [1, 0], [0, -1]]))
    assert found.position.tolist() == [0, 0] and found.distance.tolist() == [1, 1]
    assert nearest_evaluation(np.empty((0, 2)), np.ones((3, 2))).position.shape == (0,)
    with pytest.raises(InputError, match="same model"):
        nearest_evaluation(np.ones((3, 2)), np.empty((0, 2)))
    with pytest.raises(InputError, match="matrices"):
        nearest_evaluation(np.ones(3), np.ones((3, 2)))


def test_distances_do_not_know_where_the_origin_is_nor_how_space_is_turned() -> None:
    train, evaluation = gaussian(80, 6, 3), gaussian(20, 6, 4)
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))
    found, moved = nearest_evaluation(train, evaluation), nearest_evaluation(train @ turn + 3, evaluation @ turn + 3)
    np.testing.assert_array_equal(moved.position, found.position)
    np.testing.assert_allclose(moved.distance, found.distance, rtol=1e-5)


def test_prompts_are_compared_by_words() -> None:
    assert plain_words(" A photo of_a  CAT! ") == "a photo of a cat"
    captions = pa.array(["A photo of a cat", "a photo of a cat sleeping", "cat", "a photo of a dog."])
    prompts = ["a photo of a cat.", "a photo of a dog.", "cat"]
    assert repeated_prompts(captions, prompts).to_pylist() == ["a photo of a cat.", None, "cat", "a photo of a dog."]
