"""Copies of pictures: cropped, shifted, zoomed, mirrored and recoloured ones are near, others are not."""

import numpy as np
import pytest

from storage.errors import InputError
from tasks.embedding.pictures.pixels import pixel_vectors
from tasks.screening.pictures.alignment import SIDE
from tasks.screening.pictures.same_pictures import SAME_PICTURE, nearest_pictures
from tests.tasks.screening.conftest import COPIES, scene, thumbnails


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_among_others(how: str) -> None:
    train = [scene(seed) for seed in range(60)]
    evaluation = [scene(100), COPIES[how](train[17]), scene(101), COPIES[how](train[42])]
    found = nearest_pictures(thumbnails(train), thumbnails(evaluation), workers=2)
    assert found.position[[1, 3]].tolist() == [17, 42]
    assert (found.distance[[1, 3]] < SAME_PICTURE).all() and (found.distance[[0, 2]] > 1.3 * SAME_PICTURE).all()
    assert found.mirrored[[1, 3]].all() == (how == "mirrored")


def test_order_workers_and_flat_pictures_do_not_matter() -> None:
    pictures = thumbnails([scene(seed) for seed in range(40)])
    flat = np.full((3, 3, SIDE, SIDE), 90, np.uint8)
    train, evaluation = np.concatenate([flat, pictures[:30]]), np.concatenate([pictures[25:], flat[:1]])
    one, two = (nearest_pictures(train, evaluation, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.distance, two.distance) and np.array_equal(one.position, two.position)
    assert one.distance[:5].max() < 2e-3 and one.distance[-1] > 1.4 and np.isfinite(one.distance).all()
    assert (pixel_vectors(flat) == 0).all()


def test_without_evaluation_pictures_there_is_nothing_and_without_training_pictures_an_error() -> None:
    some, none = thumbnails([scene(0)]), np.empty((0, 3, SIDE, SIDE), np.uint8)
    found = nearest_pictures(some, none)
    assert found.position.shape == found.distance.shape == found.mirrored.shape == (0,)
    with pytest.raises(InputError, match="no training pictures"):
        nearest_pictures(none, some)


def test_one_picture_and_its_mirror_image() -> None:
    some = thumbnails([scene(3)])
    found = nearest_pictures(some, np.concatenate([some, some[..., ::-1]]))
    assert found.position.tolist() == [0, 0] and found.mirrored.tolist() == [False, True]
    np.testing.assert_allclose(found.distance, 0, atol=2e-3)
