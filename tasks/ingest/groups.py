"""How a source is cut into groups, each read and cached alone, and which files each group depends on."""

from pathlib import Path

from storage.errors import InputError
from tasks.ingest.config import (
    MAX_GROUPS,
    BalanceCsvConfig,
    Group,
    HuggingFaceParquetConfig,
    ScenesConfig,
    SourceConfig,
)
from tasks.ingest.paths import require_file, require_folder
from tasks.ingest.sources.huggingface import open_parquet
from tasks.ingest.sources.table import count_lines


def plan_groups(config: SourceConfig) -> tuple[Group, ...]:
    """The groups of a source, at most 32, which together are the source, in order.

    Several Parquet files: one group a file (of a large file several, while there is room), so that a new file costs
    only itself; beyond 32 files, blocks of 2, 4, 8, … consecutive files, so that a file added at the end still
    touches only the last block until the blocks double. Everything else: equal slices of the rows.
    The plan depends on the source and on nothing of the machine. Errors: `InputError` for what is missing.
    """
    if isinstance(config, ScenesConfig):
        return _slices(config.rows, config.rows_per_group)
    if isinstance(config, HuggingFaceParquetConfig):
        return _parquet_groups(config)
    sources_of(config, Group())  # says what is missing
    if isinstance(config, BalanceCsvConfig):
        return _slices(count_lines(config.path), config.rows_per_group)
    return _slices(config.path.read_bytes().count(b'"filename"'), config.rows_per_group)


def sources_of(config: SourceConfig, group: Group) -> tuple[Path, ...]:
    """The files and folders whose content a group depends on, to be fingerprinted and passed to `ingest` in this order.

    scenes: none. Parquet: the group's files, then the folder of images if one is named. Tables and lists: the file,
    then the image folder if one is used. Errors: `InputError` for what is missing.
    """
    if isinstance(config, ScenesConfig):
        return ()
    if isinstance(config, HuggingFaceParquetConfig):
        root = config.path.parent if config.path.is_file() else config.path
        files = tuple(require_file(root / name, f"file of the source {config.name!r}") for name in group.files)
        return files + _folder(config.images, config.name)
    listing = require_file(config.path, f"file of the source {config.name!r}")
    if isinstance(config, BalanceCsvConfig) and config.images == "none":
        return (listing,)
    if isinstance(config, BalanceCsvConfig) and config.image_folder is None:
        raise InputError(
            f"the source {config.name!r} asks for {config.images} images but names no image_folder: "
            "name the folder that holds <wnid>/, or set images to none"
        )
    return (listing, *_folder(config.image_folder, config.name))


def parquet_files(config: HuggingFaceParquetConfig) -> tuple[str, ...]:
    """The source's files relative to its path, sorted. `InputError` if there are none."""
    if config.path.is_file():
        return (config.path.name,)
    root = require_folder(config.path, f"path of the source {config.name!r}")
    names = sorted(path.relative_to(root).as_posix() for path in root.glob(config.pattern) if path.is_file())
    if not names:
        raise InputError(f"no file in {root} matches {config.pattern!r}: correct path or pattern of {config.name!r}")
    return tuple(names)


def _parquet_groups(config: HuggingFaceParquetConfig) -> tuple[Group, ...]:
    names = parquet_files(config)
    root = config.path.parent if config.path.is_file() else config.path
    if len(names) > MAX_GROUPS:
        block = 1
        while -(-len(names) // block) > MAX_GROUPS:
            block *= 2
        return tuple(Group(files=names[start : start + block]) for start in range(0, len(names), block))
    slices = [_slices(open_parquet(root / name, config).metadata.num_rows, config.rows_per_group) for name in names]
    if sum(map(len, slices)) > MAX_GROUPS and len(names) > 1:
        return tuple(Group(files=(name,)) for name in names)
    return tuple(
        Group(files=(name,), index=part.index, of=part.of)
        for name, parts in zip(names, slices, strict=True)
        for part in parts
    )


def _slices(rows: int, rows_per_group: int) -> tuple[Group, ...]:
    of = min(MAX_GROUPS, max(1, -(-rows // rows_per_group)))
    return tuple(Group(index=index, of=of) for index in range(of))


def _folder(folder: Path | None, name: str) -> tuple[Path, ...]:
    return () if folder is None else (require_folder(folder, f"image folder of the source {name!r}"),)
