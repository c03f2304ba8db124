"""Captions by closed form: with every chance at nought or one, what may be written is known."""

import pytest

from tasks.ingest.sources.scenes.captions import NOTHING_NAMED, scene_captions
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.sampling import training_scenes
from tasks.ingest.sources.scenes.vocabulary import COLOUR_NAMES, SHAPES, SYNONYMS

ROWS = range(200)
SHAPE_WORDS = {*SHAPES, *(SYNONYMS[shape] for shape in SHAPES if shape in SYNONYMS)}
COLOUR_WORDS = {*COLOUR_NAMES, *(SYNONYMS[colour] for colour in COLOUR_NAMES if colour in SYNONYMS)}


def captions(**shares: float) -> tuple[list, list[str]]:
    config = ScenesConfig(
        **{"wrong_captions": 0, "nameless_captions": 0, "partial_captions": 0, "two_objects": 0} | shares
    )
    scenes = list(training_scenes(config, ROWS))
    return scenes, scene_captions(config, ROWS, scenes)


def named(caption: str) -> tuple[set[str], set[str]]:
    words = caption.lower().replace(",", " ").replace(".", " ").replace("!", " ").split()
    return SHAPE_WORDS & set(words), COLOUR_WORDS & set(words)


def test_right_captions_name_one_shape_and_one_colour() -> None:
    for scene, caption in zip(*captions(), strict=True):
        (shape,), (colour,) = named(caption)
        main = scene.objects[0]
        assert shape in (main.shape, SYNONYMS.get(main.shape))
        assert colour in (main.colour, SYNONYMS.get(main.colour))


def test_partial_captions_name_one_of_them() -> None:
    sizes = [tuple(map(len, named(caption))) for caption in captions(partial_captions=1)[1]]
    assert set(sizes) == {(1, 0), (0, 1)}


def test_nameless_captions_name_neither() -> None:
    found = captions(nameless_captions=1)[1]
    assert {named(caption) == (set(), set()) for caption in found} == {True}
    assert any(caption in NOTHING_NAMED for caption in found)


def test_wrong_captions_are_drawn_anew() -> None:
    right, wrong = captions()[1], captions(wrong_captions=1)[1]
    assert 100 < sum(map(str.__ne__, right, wrong)) <= 200


@pytest.mark.parametrize("row", [0, 7, 199])
def test_a_caption_depends_on_its_row_alone(row: int) -> None:
    scenes, all_captions = captions()
    assert scene_captions(
        ScenesConfig(wrong_captions=0, nameless_captions=0, partial_captions=0, two_objects=0), [row], [scenes[row]]
    ) == [all_captions[row]]
