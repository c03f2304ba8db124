"""Scenes: a row depends on the seed and its number alone; concepts are long-tailed, the test set uniform."""

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tasks.ingest.rules import Group
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.drawing import render, render_png
from tasks.ingest.sources.scenes.sampling import concept_probabilities, training_scenes, uniform_scenes
from tasks.ingest.sources.scenes.vocabulary import (
    COLOUR_NAMES,
    COLOURS,
    CONCEPT_NAMES,
    SHAPES,
    SYNONYMS,
    scenes_entries,
)
from tests.tasks.ingest.conftest import rows_of


@pytest.fixture(scope="module")
def demo() -> list[dict]:
    accepted, rejected = rows_of(ScenesConfig())
    assert not rejected
    return accepted


def test_groups_do_not_change_a_byte() -> None:
    config = ScenesConfig(rows=230)
    whole = rows_of(config)
    for of in (1, 5, 32):
        assert rows_of(config, tuple(Group(index=index, of=of) for index in range(of))) == whole


def test_more_rows_leave_the_first_as_they_were_and_the_seed_matters() -> None:
    few, many = rows_of(ScenesConfig(rows=20))[0], rows_of(ScenesConfig(rows=40))[0]
    assert many[:20] == few
    assert [row["id"] for row in rows_of(ScenesConfig(rows=20, seed=1))[0]] == [row["id"] for row in few]
    assert rows_of(ScenesConfig(rows=20, seed=1))[0] != few


def test_concepts_follow_zipf() -> None:
    probabilities = concept_probabilities(1.3)
    ranked = np.sort(probabilities.ravel())[::-1]
    np.testing.assert_allclose(ranked / ranked[0], np.arange(1, 65) ** -1.3)
    by_shape = probabilities.sum(1)
    assert by_shape[0] / by_shape[-1] > 50
    assert np.all(np.diff(by_shape) < 0)
    np.testing.assert_allclose(concept_probabilities(0.0), 1 / 64)


def test_counts_are_those_expected(demo: list[dict]) -> None:
    """Pearson's statistic of the 8 shapes and of the 8 colours against their probabilities (7 degrees of freedom)."""
    probabilities = concept_probabilities(1.3)
    labels = np.array([row["label"] for row in demo])
    for observed, expected in (
        (np.bincount(labels // 8, minlength=8), probabilities.sum(1)),
        (np.bincount(labels % 8, minlength=8), probabilities.sum(0)),
    ):
        statistic = np.sum((observed - 4_000 * expected) ** 2 / (4_000 * expected))
        assert statistic < 24.3  # p = 0.001
    assert len(demo) == 4_000


def test_captions_mostly_tell_the_truth(demo: list[dict]) -> None:
    words = Counter(word for row in demo for word in set(row["caption"].lower().split()))
    assert words["circle"] > 30 * words["crescent"] > 0
    named_shape = named_colour = 0
    for row in demo:
        colour, shape = CONCEPT_NAMES[row["label"]].split()
        caption = row["caption"].lower()
        named_shape += shape in caption or SYNONYMS.get(shape, "\0") in caption
        named_colour += colour in caption or SYNONYMS.get(colour, "\0") in caption
    assert 0.70 < named_shape / len(demo) < 0.90  # the rest: nameless, partial, wrong
    assert 0.65 < named_colour / len(demo) < 0.90
    assert sum(row["caption"].startswith(("DSC", "IMG", "img", "P10", "100_")) for row in demo) > 150


def test_shares_can_be_switched_off() -> None:
    config = ScenesConfig(rows=300, wrong_captions=0, nameless_captions=0, partial_captions=0, two_objects=0)
    for row in rows_of(config)[0]:
        colour, shape = CONCEPT_NAMES[row["label"]].split()
        caption = row["caption"].lower()
        assert shape in caption or SYNONYMS[shape] in caption
        assert colour in caption or SYNONYMS[colour] in caption
    nameless = rows_of(config.model_copy(update={"nameless_captions": 1.0}))[0]
    assert not any(entry in row["caption"].split() for row in nameless for entry in (*SHAPES, *COLOUR_NAMES))


def test_entries_are_distinct_and_all_occur(demo: list[dict]) -> None:
    entries = scenes_entries()
    assert len(set(entries)) == len(entries)
    spaced = [f" {row['caption']} ".replace(",", " , ").replace(".", " . ").replace("!", " ! ") for row in demo]
    assert all(any(f" {entry} " in caption for caption in spaced) for entry in entries)


def test_test_set_is_uniform_and_of_one_object() -> None:
    scenes = list(uniform_scenes(ScenesConfig(), range(1_024)))
    assert Counter(scene.label for scene in scenes) == dict.fromkeys(range(64), 16)
    assert all(len(scene.objects) == 1 for scene in scenes)


def test_no_test_picture_is_a_training_picture(demo: list[dict]) -> None:
    training = {row["image"]["bytes"] for row in demo}
    assert not any(render_png(scene, 32) in training for scene in uniform_scenes(ScenesConfig(), range(512)))


@pytest.mark.parametrize("size", [32, 48])
def test_pictures_show_their_colour_in_view(size: int) -> None:
    for scene in uniform_scenes(ScenesConfig(), range(128)):
        pixels = np.asarray(Image.open(io.BytesIO(render_png(scene, size))))
        assert pixels.shape == (size, size, 3)
        colour = np.minimum(255, np.array(COLOURS[scene.objects[0].colour]) * scene.objects[0].brightness)
        share = np.mean(np.abs(pixels - colour).max(axis=2) < 6)
        assert 0.01 < share < 0.6
        coloured = np.ptp(pixels.astype(int), axis=2) > 25
        assert not coloured[0, 0] and not coloured[-1, -1]  # corners are background, which is grey


def test_equal_rows_of_other_concepts_differ_only_in_them() -> None:
    """The draws of place, size and background do not depend on those of the concept."""
    one, two = (next(training_scenes(ScenesConfig(exponent=exponent), range(3, 4))) for exponent in (0.0, 4.0))
    assert (one.background, one.shades, one.texture_seed) == (two.background, two.shades, two.texture_seed)
    assert one.objects[0].radius == two.objects[0].radius


def test_edges_are_smooth() -> None:
    scene = next(uniform_scenes(ScenesConfig(), range(1)))
    assert len(np.unique(np.asarray(render(scene, 32)).reshape(-1, 3), axis=0)) > 20


def test_repeats_and_leaks_are_as_many_as_asked_and_do_not_depend_on_the_groups() -> None:
    config = ScenesConfig(rows=1_500, repeats=0.2, leaks=0.05, test_images=64)
    rows, _ = rows_of(config)
    assert rows_of(config, tuple(Group(index=index, of=7) for index in range(7)))[0] == rows
    assert len({row["key"] for row in rows}) == 1_500
    pairs = Counter((row["image"]["bytes"], row["caption"]) for row in rows)
    assert 0.07 * 1_500 < sum(pairs.values()) - len(pairs) < 0.13 * 1_500  # half of the repeats, as they were
    saved_again = [row for row in rows if row["image"]["path"].endswith(".jpg")]
    assert 0.09 * 1_500 < len(saved_again) < 0.16 * 1_500
    tested = {render_png(scene, 32) for scene in uniform_scenes(config, range(64))}
    assert 10 < sum(row["image"]["bytes"] in tested for row in rows) < 75


def test_a_repeat_shows_what_its_origin_shows() -> None:
    plain, repeated = rows_of(ScenesConfig(rows=300))[0], rows_of(ScenesConfig(rows=300, repeats=0.3))[0]
    by_picture = {row["image"]["bytes"]: row for row in plain}
    same = 0
    for before, row in zip(plain, repeated, strict=True):
        origin = by_picture.get(row["image"]["bytes"])
        if origin is None:
            assert row["image"]["path"].endswith(".jpg")
        else:
            assert row["label"] == origin["label"] and row["caption"] == origin["caption"]
            same += origin["key"] != before["key"]
    assert same > 20
