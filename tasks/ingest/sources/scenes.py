"""Generated scenes as a source: rows as any other source gives them."""

from collections.abc import Iterator

from tasks.ingest.config import Group, ScenesConfig
from tasks.ingest.rows import Pair
from tasks.ingest.scenes.captions import scene_captions
from tasks.ingest.scenes.drawing import render_png
from tasks.ingest.scenes.sampling import training_scenes

ROWS_PER_DRAW = 1_024


def read_scenes(config: ScenesConfig, group: Group) -> Iterator[Pair]:
    """The group's rows: PNG, caption, and as label the concept that the picture really shows."""
    wanted = group.rows(config.rows)
    for start in range(wanted.start, wanted.stop, ROWS_PER_DRAW):
        rows = range(start, min(start + ROWS_PER_DRAW, wanted.stop))
        scenes = list(training_scenes(config, rows))
        for scene, caption in zip(scenes, scene_captions(config, rows, scenes), strict=True):
            yield Pair(scene.key, caption, render_png(scene, config.image_size), f"{scene.key}.png", scene.label)
