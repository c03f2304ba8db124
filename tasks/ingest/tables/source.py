"""What the sources that are tables in files beside a folder of images have in common."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from storage.places.ask import state
from storage.places.place import Place
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.pictures.paths import require_file, require_folder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.tables.config import TextTableRules
from tasks.ingest.tables.plan import found_files, plan_files, root_of
from tasks.ingest.tables.shard import Shard
from tasks.ingest.tables.splits import files_of_split

C = TypeVar("C", bound=TextTableRules)

BYTES_PER_ROW = 128
"""About what a caption takes with its path, by which groups are planned; a file's rows are counted where it is read."""

TEXTS_PER_RUN = 1 << 22
"""Captions alone that a run aims to read: each slice of a file looks through the lines before it."""


def plan_table(config: TextTableRules) -> tuple[Group, ...]:
    """The groups: files, and slices of large ones."""
    root = root_of(config.path)
    found = found_files(config.path, config.pattern, config.name, config.links_to)
    names = files_of_split(found, config.split, config.name)
    aim = config.rows_per_group or (config.rows_a_run(images=True) if config.image_column else TEXTS_PER_RUN)
    return plan_files(names, lambda name: (state(root / name).size or 0) // BYTES_PER_ROW, aim)


def files_of_table(config: TextTableRules, group: Group) -> tuple[Place, ...]:
    """The group's files, then the folder of images if the table names images. Raises `InputError`."""
    root = root_of(config.path)
    files = tuple(require_file(root / name, f"file of the source {config.name!r}") for name in group.files)
    if config.image_column is None:
        return files
    folder = config.image_folder or root
    return (*files, require_folder(folder, f"image folder of the source {config.name!r}"))


def batches_of_table(
    config: C, group: Group, files: Sequence[Place], shard: Callable[[C, str, Place], Shard]
) -> Iterator[Batch]:
    """The group's rows; `shard` opens a file by its name."""
    from tasks.ingest.tables.read import read_shards  # numba

    count = len(group.files)
    shards = [shard(config, name, path) for name, path in zip(group.files, files[:count], strict=True)]
    images = ImageFolder(files[count], config) if len(files) > count else None
    return read_shards(config.name, config.columns, config, group, shards, images)
