"""One text an image, drawn by identity alone."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.tables.ids import row_ids
from tasks.matching.one_text_per_image import choose_one_text, image_ids, image_key


def pairs(keys: list[str], sources: list[str]) -> pa.Table:
    return pa.table({"key": keys, "source": sources})


@pytest.mark.parametrize(("key", "image"), [("a.jpg", "a.jpg"), ("a.jpg#2", "a.jpg"), ("a#b#1", "a#b"), ("#1", "#1")])
def test_image_keys(key: str, image: str) -> None:
    assert image_key(key) == image


def test_images_are_told_apart_by_source() -> None:
    ids = image_ids(pairs(["a#0", "a#1", "a#0", "b"], ["x", "x", "y", "x"]))
    assert ids[0] == ids[1]
    assert len(set(ids.tolist())) == 3


@given(st.lists(st.text("a#\n\0é", max_size=5), min_size=1, max_size=5))
def test_ids_are_those_of_the_keys_of_the_images(keys: list[str]) -> None:
    assert image_ids(pairs(keys, ["s"] * len(keys))).tolist() == row_ids("s", [image_key(key) for key in keys]).tolist()


def test_every_image_keeps_one_text_whatever_the_order() -> None:
    keys = [f"{image}#{text}" for image in range(300) for text in range(image % 4 + 1)]
    ids, images = row_ids("s", keys), image_ids(pairs(keys, ["s"] * len(keys)))
    chosen = choose_one_text(ids, images, seed=3)
    assert np.unique(images[chosen]).size == chosen.sum() == 300
    shuffled = np.random.default_rng(0).permutation(len(keys))
    assert np.array_equal(choose_one_text(ids[shuffled], images[shuffled], seed=3), chosen[shuffled])
    assert not np.array_equal(choose_one_text(ids, images, seed=4), chosen)


def test_texts_are_equally_likely() -> None:
    keys = [f"{image}#{text}" for image in range(3_000) for text in range(3)]
    chosen = choose_one_text(row_ids("s", keys), image_ids(pairs(keys, ["s"] * len(keys))), seed=0)
    shares = chosen.reshape(-1, 3).mean(axis=0)
    assert np.all(np.abs(shares - 1 / 3) < 4 * np.sqrt(2 / 9 / 3_000))
