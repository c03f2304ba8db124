"""Parquet files as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import class_names, open_parquet
from tasks.ingest.sources.huggingface.plan import files_of, plan_parquet
from tasks.ingest.sources.source import NO_IMAGES, Source


def _batches(config: HuggingFaceParquetConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.sources.huggingface.read import read_huggingface_parquet  # numba

    return read_huggingface_parquet(config, group, files)


def _provenance(config: HuggingFaceParquetConfig) -> str:
    return "the row's own" if config.image_column is not None else NO_IMAGES


def _class_names(config: HuggingFaceParquetConfig, files: Sequence[Place]) -> Sequence[str]:
    if config.class_names or not files:
        return config.class_names
    return class_names(open_parquet(files[0], config), config.label_column)


HUGGINGFACE_PARQUET = Source(
    plan=plan_parquet,
    files=files_of,
    batches=_batches,
    images=_provenance,
    class_names=_class_names,
)
