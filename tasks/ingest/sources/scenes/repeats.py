"""Pictures that a collection from the web holds twice, or shares with the test set: uploaded again, or saved again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tasks.arrays import Bools, Int64s
from tasks.ingest.sources.scenes.captions import scene_captions
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.sampling import RowDraws, Scene, training_scenes, uniform_scenes

SAVED_AGAIN = 0.5
"""Share of repeated and leaked pictures that were compressed again, and so are other bytes."""


@dataclass(frozen=True)
class Shown:
    """One training row: its scene, its caption, and whether the picture was saved again with losses."""

    scene: Scene
    caption: str
    saved_again: bool


def training_rows(config: ScenesConfig, rows: range) -> Iterator[Shown]:
    """The rows as the source has them: most with a scene of their own.

    A share `repeats` of them shows an earlier row's scene, and a share `leaks` one of the test set's.
    A repeat is either that row's bytes and caption, or the picture saved again under a caption of its own. Like the
    scenes, row i depends on the seed and on i alone.
    """
    numbers = np.arange(rows.start, rows.stop)
    origin = _origins(config, numbers)
    again, of_origin = _saved_again(config, numbers), _saved_again(config, origin)
    repeated = origin != numbers
    same = repeated & ~again
    drawn = list(training_scenes(config, origin.tolist()))
    leaked = _leaked(config, origin)
    tested = iter(list(uniform_scenes(config, leaked[leaked >= 0].tolist())))
    keys = RowDraws("scene", config.seed, rows).keys
    scenes = [
        replace(next(tested) if image >= 0 else scene, key=key)
        for scene, image, key in zip(drawn, leaked.tolist(), keys, strict=True)
    ]
    captions = scene_captions(config, np.where(same, origin, numbers).tolist(), scenes)
    saved = np.where(same, of_origin & (leaked >= 0), again & (repeated | (leaked >= 0)))
    for scene, caption, lossy in zip(scenes, captions, saved.tolist(), strict=True):
        yield Shown(scene, caption, lossy)


def _origins(config: ScenesConfig, numbers: Int64s) -> Int64s:
    """The row whose picture each row shows, int64 `[n]`: itself, or for a repeat an earlier one that is no repeat."""
    origin = numbers.copy()
    while len(places := np.flatnonzero(_repeats(config, origin))):
        draws = RowDraws("scene", config.seed, origin[places].tolist())
        origin[places] = (draws("repeated row") * origin[places]).astype(np.int64)
    return origin


def _repeats(config: ScenesConfig, numbers: Int64s) -> Bools:
    if not config.repeats:
        return np.zeros(len(numbers), bool)
    return (RowDraws("scene", config.seed, numbers.tolist())("repeat") < config.repeats) & (numbers > 0)


def _leaked(config: ScenesConfig, numbers: Int64s) -> Int64s:
    """The test image that each row shows, int64 `[n]`; −1 for none."""
    if not config.leaks:
        return np.full(len(numbers), -1)
    draws = RowDraws("scene", config.seed, numbers.tolist())
    image = (draws("leaked image") * config.test_images).astype(np.int64)
    return np.where(draws("leak") < config.leaks, image, -1)


def _saved_again(config: ScenesConfig, numbers: Int64s) -> Bools:
    return RowDraws("scene", config.seed, numbers.tolist())("saved again") < SAVED_AGAIN
