"""Hugging Face's imagefolder as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from storage.errors import InputError
from storage.places.ask import state
from storage.places.place import Place
from tasks.ingest.pictures.paths import require_folder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.imagefolder.config import ImageFolderConfig
from tasks.ingest.sources.source import Source, provenance
from tasks.ingest.tables.plan import found_files, plan_files
from tasks.ingest.tables.source import BYTES_PER_ROW
from tasks.ingest.tables.splits import files_of_split

SUFFIXES = (".csv", ".jsonl", ".parquet")


def _plan(config: ImageFolderConfig) -> tuple[Group, ...]:
    root = require_folder(config.path, f"path of the source {config.name!r}")
    tables = found_files(root, config.pattern, config.name, config.links_to)
    found = [name for name in tables if PurePosixPath(name).suffix in SUFFIXES]
    if not found:
        raise InputError(
            f"{root} holds no metadata.csv, metadata.jsonl or metadata.parquet: write one with the columns file_name "
            "and text, or take kind: sidecar where captions lie in text files beside the images"
        )
    names = files_of_split(found, config.split, config.name)
    return plan_files(
        names, lambda name: (state(root / name).size or 0) // BYTES_PER_ROW, config.rows_a_run(images=True)
    )


def _files(config: ImageFolderConfig, group: Group) -> tuple[Place, ...]:
    return (require_folder(config.path, f"path of the source {config.name!r}"),)


def _batches(config: ImageFolderConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.sources.imagefolder.read import read_imagefolder  # numba

    return read_imagefolder(config, group, files[0])


IMAGE_FOLDER = Source[ImageFolderConfig](
    plan=_plan,
    files=_files,
    batches=_batches,
    images=lambda config: provenance(True),
    class_names=lambda config, files: config.class_names,
)
