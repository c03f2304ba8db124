"""Pictures by row, from memory and from disk."""

import numpy as np
import pytest

from storage.errors import InputError
from tests.tasks.training.data.examples import read


def test_pictures_are_the_same_from_memory_and_from_disk(squares, tmp_path):
    rows = np.array([7, 3, 3, 40])
    in_memory = read(squares).pictures.take(rows)
    on_disk = read(squares, scratch=tmp_path / "scratch", decoded_limit=0, workers=2).pictures
    assert (tmp_path / "scratch" / "images.bin").is_file()
    assert np.array_equal(on_disk.take(rows), in_memory)


def test_a_picture_that_breaks_while_training_is_named(squares, tmp_path):
    pictures = read(squares, scratch=tmp_path / "scratch", decoded_limit=0).pictures
    pictures._ends[3] = pictures._starts[3] + 5
    with pytest.raises(InputError, match="training row 3 cannot be decoded"):
        pictures.take(np.arange(8))
