"""Parquet files as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from storage.places.remember import remembered
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.source import Source, first, image_folder, provenance
from tasks.ingest.tables.columns import columns_of
from tasks.ingest.tables.forms.parquet import ParquetShard, class_names, open_parquet
from tasks.ingest.tables.header_faults import parquet_faults
from tasks.ingest.tables.plan import found_files, plan_files, root_of
from tasks.ingest.tables.splits import files_of_split


def _plan(config: HuggingFaceParquetConfig) -> tuple[Group, ...]:
    root, found = root_of(config.path), found_files(config.path, config.pattern, config.name, config.links_to)
    names = files_of_split(found, config.split, config.name)

    def rows(name: str) -> int:
        path = root / name
        return remembered("rows", path, lambda: int(open_parquet(path, config.name, config.columns).metadata.num_rows))

    return plan_files(names, rows, config.rows_a_run(images=config.image_column is not None))


def _files(config: HuggingFaceParquetConfig, group: Group) -> tuple[Place, ...]:
    root = root_of(config.path)
    files = tuple(require_file(root / name, f"file of the source {config.name!r}") for name in group.files)
    return files + image_folder(config.images, config.name)


def _batches(config: HuggingFaceParquetConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.tables.read import read_shards  # numba

    count = len(group.files)
    shards = [
        ParquetShard(name, path, config.name, config.columns)
        for name, path in zip(group.files, files[:count], strict=True)
    ]
    folder = first(files[count:])
    images = None if folder is None else ImageFolder(folder, config)
    return read_shards(config.name, config.columns, config, group, shards, images)


def _class_names(config: HuggingFaceParquetConfig, files: Sequence[Place]) -> Sequence[str]:
    if config.class_names or not files:
        return config.class_names
    nothing = columns_of(caption=None, image=None, label=None, key=None)
    return class_names(open_parquet(files[0], config.name, nothing), config.label_column)


HUGGINGFACE_PARQUET = Source[HuggingFaceParquetConfig](
    plan=_plan,
    files=_files,
    batches=_batches,
    images=lambda config: provenance(config.image_column is not None),
    class_names=_class_names,
    header_faults=parquet_faults,
)
