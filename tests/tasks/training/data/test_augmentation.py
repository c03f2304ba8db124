"""Augmentation against the evaluation transform, and every shift by hand."""

from io import BytesIO

import numpy as np
import torch
from PIL import Image

from storage.tables.shards import read_table
from tasks.training.config import AugmentationConfig
from tasks.training.data import augmentation
from tasks.training.data.augmentation import augment, standardise
from tests.tasks.training.data.examples import TRANSFORM, read


def test_pictures_without_augmentation_are_the_evaluation_transform(squares):
    pairs = read(squares)
    mean, deviation = pairs.preparation.mean, pairs.preparation.deviation
    content = {row["id"]: row["image"]["bytes"] for row in read_table(squares).to_pylist()}
    expected = torch.stack([TRANSFORM(Image.open(BytesIO(content[identity]))) for identity in pairs.ids[:5].tolist()])
    pictures = pairs.pictures.take(np.arange(5))
    still = augment(pictures, np.arange(5), AugmentationConfig(shift=0), seed=0, step=0, mean=mean, deviation=deviation)
    torch.testing.assert_close(still, expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(standardise(pictures, mean=mean, deviation=deviation), expected, atol=1e-6, rtol=1e-6)


def test_augmentation_moves_by_at_most_its_reach_and_any_part_can_be_drawn_alone(monkeypatch):
    monkeypatch.setattr(augmentation, "_ENOUGH", 1)  # threads at any size
    pictures = np.arange(64 * 3 * 8 * 8, dtype=np.uint64).astype(np.uint8).reshape(64, 3, 8, 8)
    options = {"seed": 5, "step": 9, "mean": (0.0,) * 3, "deviation": (1.0,) * 3}
    config = AugmentationConfig(shift=0.25, flip=True)
    whole = augment(pictures, np.arange(64), config, **options)
    part = augment(pictures[16:32], np.arange(16, 32), config, **options)
    assert torch.equal(whole[16:32], part)
    for workers in (2, 5, 100):
        assert torch.equal(augment(pictures, np.arange(64), config, **options, workers=workers), whole)
    padded = np.pad(pictures, ((0, 0), (0, 0), (2, 2), (2, 2)), mode="edge") / np.float32(255)
    ways = set()
    for index in range(64):
        found = [
            (down, right, mirrored)
            for down in range(5)
            for right in range(5)
            for mirrored in (False, True)
            if np.allclose(
                padded[index, :, down : down + 8, right : right + 8][:, :, :: -1 if mirrored else 1], whole[index]
            )
        ]
        assert found
        ways.update(found)
    assert len(ways) > 20
    assert not torch.equal(whole, augment(pictures, np.arange(64), config, **{**options, "step": 10}))
