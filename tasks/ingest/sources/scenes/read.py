"""Generated scenes as a source: rows as any other source gives them."""

from collections.abc import Iterator

from tasks.ingest.rows.batches import make_batches
from tasks.ingest.rows.row import Pair
from tasks.ingest.rules import Group, slices
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.drawing import render_jpeg, render_png
from tasks.ingest.sources.scenes.repeats import training_rows
from tasks.ingest.sources.scenes.vocabulary import CONCEPT_NAMES
from tasks.ingest.sources.source import Source

ROWS_PER_DRAW = 1_024


def read_scenes(config: ScenesConfig, group: Group) -> Iterator[Pair]:
    """The group's rows: picture, caption, and as label the concept that the picture really shows."""
    wanted = group.rows(config.rows)
    for start in range(wanted.start, wanted.stop, ROWS_PER_DRAW):
        for row in training_rows(config, range(start, min(start + ROWS_PER_DRAW, wanted.stop))):
            draw, suffix = (render_jpeg, "jpg") if row.saved_again else (render_png, "png")
            key = row.scene.key
            yield Pair(key, row.caption, draw(row.scene, config.image_size), f"{key}.{suffix}", row.scene.label)


SCENES = Source[ScenesConfig](
    plan=lambda config: slices(config.rows, config.rows_per_group),
    files=lambda config, group: (),
    batches=lambda config, group, files: make_batches(read_scenes(config, group), config.name),
    images=lambda config: "rendered",
    class_names=lambda config, files: CONCEPT_NAMES,
)
