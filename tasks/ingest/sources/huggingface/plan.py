"""Which Parquet files a source is, and how they are cut into groups."""

from storage.errors import InputError
from storage.places.ask import is_file, matching
from storage.places.place import Place
from storage.places.remember import remembered
from tasks.ingest.pictures.paths import require_file, require_folder
from tasks.ingest.rules import MAX_GROUPS, Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import open_parquet
from tasks.ingest.sources.source import blocks, image_folder, slices


def parquet_files(config: HuggingFaceParquetConfig) -> tuple[str, ...]:
    """The source's files relative to its path, sorted. `InputError` if there are none."""
    if is_file(config.path):
        return (config.path.name,)
    root = require_folder(config.path, f"path of the source {config.name!r}")
    names = matching(root, config.pattern)
    if not names:
        raise InputError(f"no file in {root} matches {config.pattern!r}: correct path or pattern of {config.name!r}")
    return tuple(names)


def plan_parquet(config: HuggingFaceParquetConfig) -> tuple[Group, ...]:
    """One group a file (of a large file several, while there is room); see `source.blocks`."""
    names = parquet_files(config)
    root = _root(config)
    if len(names) > MAX_GROUPS:
        return blocks(names)
    rows = config.rows_a_run(images=config.image_column is not None)
    parts_of = [slices(_rows(root / name, config), rows) for name in names]
    if sum(map(len, parts_of)) > MAX_GROUPS and len(names) > 1:
        return tuple(Group(files=(name,)) for name in names)
    return tuple(
        Group(files=(name,), index=part.index, of=part.of)
        for name, parts in zip(names, parts_of, strict=True)
        for part in parts
    )


def files_of(config: HuggingFaceParquetConfig, group: Group) -> tuple[Place, ...]:
    """The group's files, then the folder of images if one is named. Raises `InputError` for what is missing."""
    root = _root(config)
    files = tuple(require_file(root / name, f"file of the source {config.name!r}") for name in group.files)
    return files + image_folder(config.images, config.name)


def _rows(path: Place, config: HuggingFaceParquetConfig) -> int:
    return remembered("rows", path, lambda: int(open_parquet(path, config).metadata.num_rows))


def _root(config: HuggingFaceParquetConfig) -> Place:
    return config.path.parent if is_file(config.path) else config.path
