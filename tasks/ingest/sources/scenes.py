"""Generated scenes as a source: rows as any other source gives them."""

from collections.abc import Iterator

from tasks.ingest.config import Group, ScenesConfig
from tasks.ingest.rows import Pair
from tasks.ingest.scenes.drawing import render_jpeg, render_png
from tasks.ingest.scenes.repeats import training_rows

ROWS_PER_DRAW = 1_024


def read_scenes(config: ScenesConfig, group: Group) -> Iterator[Pair]:
    """The group's rows: picture, caption, and as label the concept that the picture really shows."""
    wanted = group.rows(config.rows)
    for start in range(wanted.start, wanted.stop, ROWS_PER_DRAW):
        for row in training_rows(config, range(start, min(start + ROWS_PER_DRAW, wanted.stop))):
            draw, suffix = (render_jpeg, "jpg") if row.saved_again else (render_png, "png")
            key = row.scene.key
            yield Pair(key, row.caption, draw(row.scene, config.image_size), f"{key}.{suffix}", row.scene.label)
