"""How a source is cut into groups, each read and cached alone, and which files each group depends on."""

from storage.places.place import Place
from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import source_of
from tasks.ingest.rules import Group


def plan_groups(config: SourceConfig) -> tuple[Group, ...]:
    """The groups of a source, at most 32, which together are the source, in order.

    Several Parquet files: one group a file (of a large file several, while there is room), so that a new file costs
    only itself. Everything else: equal slices of the rows. The plan depends on the source and on nothing of the
    machine. Raises `InputError` for what is missing.
    """
    return source_of(config).plan(config)


def sources_of(config: SourceConfig, group: Group) -> tuple[Place, ...]:
    """The files and folders whose content a group depends on, to be fingerprinted and passed to `ingest` in this order.

    scenes: none. Parquet: the group's files, then the folder of images if one is named. Tables and lists: the file,
    then the image folder if one is used. Raises `InputError` for what is missing.
    """
    return source_of(config).files(config, group)
