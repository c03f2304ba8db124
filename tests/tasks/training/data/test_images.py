"""From encoded pictures to pixels."""

import io

import numpy as np
import pytest
from open_clip.transform import CenterCropOrPad, ResizeKeepRatio
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Normalize, Pad, Resize, ToTensor

from storage.errors import InputError
from tasks.ingest.pictures.render import render
from tasks.training.data.images import Preparation, decode_all
from tests.paths import CASES
from tests.tasks.training.conftest import png
from tests.tasks.training.data.examples import TRANSFORM

STANDARD = (ToTensor(), Normalize((0.5,) * 3, (0.5,) * 3))


@pytest.mark.parametrize("steps", ((Resize(32), CenterCrop(32)), (Pad(8), Resize(32))))
@pytest.mark.parametrize("size", ((32, 32), (48, 32), (20, 20)))
def test_a_picture_of_the_models_size_is_prepared_as_any_other(steps, size):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8))
    file = io.BytesIO()
    noise.save(file, format="PNG")
    transform = Compose([*steps, *STANDARD])
    preparation = Preparation.of(transform)
    expected = noise
    for step in steps:
        expected = step(expected)
    if expected.size == (32, 32):
        assert np.array_equal(preparation.decode(file.getvalue()), np.asarray(expected).transpose(2, 0, 1))
    else:
        assert preparation.decode(file.getvalue()).shape == (3, *expected.size[::-1])


@pytest.mark.parametrize("workers", (1, 3))
def test_a_picture_that_cannot_be_decoded_is_named(workers):
    pictures = [png((9, 9, 9), noise=row) for row in range(5)]
    preparation = Preparation.of(TRANSFORM)
    pixels = decode_all(pictures, "abcde", preparation, workers)
    assert np.array_equal(pixels, np.stack([preparation.decode(picture) for picture in pictures]))
    pictures[3] = pictures[3][:60]
    with pytest.raises(InputError, match="row 'd' cannot be decoded"):
        decode_all(pictures, "abcde", preparation, workers)


def test_pictures_are_rendered_as_everywhere():
    """Drawings on transparency were black, photographs lay on their side."""
    preparation = Preparation.of(TRANSFORM)
    for name in ("black_on_transparency.gif", "black_on_transparency.webp", "light_half_orientation6.jpg"):
        content = (CASES / name).read_bytes()
        expected = preparation._placed(render(content))
        assert np.array_equal(preparation.decode(content), np.asarray(expected).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((Resize(224), CenterCrop(224)), "becomes 224 × 2240000"),
        ((ResizeKeepRatio(224, longest=1), CenterCropOrPad(224)), "1 × 10000 has no place in the model"),
    ],
)
def test_a_strip_is_one_sentence(steps, message):
    strip = (CASES / "strip_1x10000.png").read_bytes()
    with pytest.raises(InputError, match=f"row 'a' cannot be decoded .*{message}.*max_aspect_ratio"):
        decode_all([strip], "a", Preparation(steps, 224, (0.5,) * 3, (0.5,) * 3), 1)
