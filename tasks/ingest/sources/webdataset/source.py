"""WebDataset tars as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.source import NO_IMAGES, Source
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.plan import files_of, plan_tars


def _batches(config: WebdatasetConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.sources.webdataset.read import read_tars  # numba

    return read_tars(config, group, files)


def _provenance(config: WebdatasetConfig) -> str:
    return "the row's own" if config.image is not None else NO_IMAGES


def _class_names(config: WebdatasetConfig, files: Sequence[Place]) -> Sequence[str]:
    return config.class_names


WEBDATASET = Source(plan=plan_tars, files=files_of, batches=_batches, images=_provenance, class_names=_class_names)
