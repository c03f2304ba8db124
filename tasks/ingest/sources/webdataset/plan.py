"""Which tars a source is, which tables stand beside them, and how they are cut into groups."""

from pathlib import Path

from storage.places.ask import which_exist
from storage.places.place import Place
from tasks.ingest.files.shards import shard_files
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rules import Group, blocks
from tasks.ingest.sources.webdataset.config import WebdatasetConfig


def plan_tars(config: WebdatasetConfig) -> tuple[Group, ...]:
    """One group a tar, so that a new tar costs only itself; see `blocks` for more than 32."""
    return blocks(shard_files(config.path, config.pattern, config.name)[1])


def files_of(config: WebdatasetConfig, group: Group) -> tuple[Place, ...]:
    """The group's tars, then the tables beside them. Raises `InputError` for what is missing."""
    root, _ = shard_files(config.path, config.pattern, config.name)
    tars = tuple(root / name for name in group.files)
    for tar, exists in zip(tars, which_exist(tars), strict=True):
        if not exists:
            require_file(tar, f"tar of the source {config.name!r}")
    if config.table == "none":
        return tars
    tables = [table_beside(tar) for tar in tars]
    there = which_exist(tables)
    if config.table == "img2dataset":
        for table, exists in zip(tables, there, strict=True):
            if not exists:
                require_file(table, f"img2dataset table of the source {config.name!r}")
    return tars + tuple(table for table, exists in zip(tables, there, strict=True) if exists)


def table_beside(tar: Place) -> Place:
    """`00000.parquet` beside `00000.tar` or `00000.tar.gz`."""
    return tar.with_name(f"{tar.name.partition('.tar')[0]}.parquet")


def label_of(name: str, tar: Place) -> str:
    """What rows call a tar: its name below the source, without a web address's query, which may hold a signature."""
    return name if isinstance(tar, Path) else name.partition("?")[0]
