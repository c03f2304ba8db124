"""The encoder without a model: what it sees of a picture and what it does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy.ndimage import gaussian_filter1d

from tasks.embedding.pictures.pixels import BLUR, local_detail, pixel_vector, pixel_vectors, thumbnail

SMALL = arrays(np.uint8, (2, 3, 8, 8))


def noise(seed: int, shape: tuple[int, ...], high: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, shape, dtype=np.uint8)


def test_a_thumbnail_averages_whole_blocks() -> None:
    pixels = noise(0, (40, 24, 3))
    blocks = pixels.reshape(8, 5, 8, 3, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    small = thumbnail(Image.fromarray(pixels), 8)
    assert small.dtype == np.uint8 and small.shape == (3, 8, 8)
    assert np.abs(small - blocks).max() <= 1  # rounded once in each direction
    assert np.array_equal(thumbnail(Image.fromarray(pixels[:, :, 0]), 8)[0], thumbnail(Image.fromarray(pixels), 8)[0])


@settings(deadline=None)
@given(SMALL)
def test_detail_is_the_picture_less_two_blurs_in_a_row(pictures: np.ndarray) -> None:
    values = pictures.astype(np.float64) / 255
    blurred = gaussian_filter1d(gaussian_filter1d(values, 8 * BLUR, 2, mode="nearest"), 8 * BLUR, 3, mode="nearest")
    np.testing.assert_allclose(local_detail(pictures, BLUR), values - blurred, atol=1e-6)


@settings(deadline=None)
@given(SMALL)
def test_a_batch_is_its_pictures_and_mirrors_mirror(pictures: np.ndarray) -> None:
    vectors = pixel_vectors(pictures)
    assert vectors.dtype == np.float32 and vectors.shape == (2, 3 * 8 * 8)
    np.testing.assert_array_equal(vectors[1], pixel_vectors(pictures[1:])[0])
    np.testing.assert_allclose(vectors.reshape(2, 3, 64).sum(axis=2), 0, atol=1e-4)
    turned = pixel_vectors(pictures[..., ::-1]).reshape(2, 3, 8, 8)[..., ::-1]
    np.testing.assert_allclose(turned.reshape(2, -1), vectors, atol=1e-6)


def test_brightness_is_not_seen_and_contrast_is_a_factor() -> None:
    dark = noise(1, (1, 3, 8, 8), high=100)
    vector = pixel_vectors(dark)[0]
    np.testing.assert_allclose(pixel_vectors(dark + np.uint8(55))[0], vector, atol=1e-6)
    np.testing.assert_allclose(pixel_vectors(2 * dark)[0], 2 * vector, atol=1e-6)
    assert np.abs(vector).max() > 0.05


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (8, 8), (640, 480)])
def test_one_colour_has_no_direction_and_any_size_will_do(size: tuple[int, int]) -> None:
    assert not pixel_vector(Image.new("RGB", size, (9, 80, 200)), 8).any()
    assert pixel_vector(Image.new("L", size, 3), 4).shape == (48,)


def test_no_pictures_are_no_vectors_and_whole_numbers_of_any_width_are_read() -> None:
    assert pixel_vectors(np.empty((0, 3, 8, 8), np.uint8)).shape == (0, 3 * 8 * 8)
    some = noise(2, (2, 3, 8, 8))
    for kind in (np.int64, np.float64):
        np.testing.assert_array_equal(pixel_vectors(np.asfortranarray(some.astype(kind))), pixel_vectors(some))
