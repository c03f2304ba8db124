"""Bytes of an image file to pixels, or one of three reasons."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.embedding.pictures.decoding import Undecodable, decode_image
from tests.paths import CASES
from tests.tasks.embedding.conftest import png


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_pixels_are_those_of_pillow(mode: str) -> None:
    content = png(3, mode=mode)
    picture = decode_image(content)
    assert isinstance(picture, Image.Image) and picture.mode == "RGB"
    assert np.array_equal(np.asarray(picture), np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


@pytest.mark.parametrize("content", [None, b""])
def test_no_bytes_are_a_missing_image(content: bytes | None) -> None:
    assert decode_image(content) == Undecodable("missing image", "the row holds no image bytes")


def test_what_is_no_picture_is_told_in_the_same_words_every_time() -> None:
    first, second = decode_image(b"nothing"), decode_image(b"nothing")
    assert first == second == Undecodable("unreadable image", "UnidentifiedImageError: not an image of a known kind")
    cut = decode_image(png(0)[:90])
    assert isinstance(cut, Undecodable) and cut.reason == "unreadable image" and "0x" not in cut.detail


def test_a_picture_too_large_for_its_transform_is_told_from_broken_ones() -> None:
    strip = (CASES / "strip_1x10000.png").read_bytes()
    refused = decode_image(strip, resized=224)
    assert isinstance(refused, Undecodable) and refused.reason == "too many pixels"
    assert "224 × 2240000" in refused.detail
    assert isinstance(decode_image(strip), Image.Image)
