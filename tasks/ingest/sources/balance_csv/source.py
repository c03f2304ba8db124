"""The table of Flickr titles as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.errors import InputError
from storage.places.place import Place
from tasks.ingest.files.lines import count_lines
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import IMAGES_PER_GROUP, TEXTS_PER_GROUP, Group, slices
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.source import NO_IMAGES, Source, image_folder

TITLES_PER_GROUP = 16 * TEXTS_PER_GROUP
"""More than of other captions: each group looks through the whole table, for the labels and for repeated rows."""


def _batches(config: BalanceCsvConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.sources.balance_csv.read import read_balance_csv  # numba

    return read_balance_csv(config, group, files)


def _class_names(config: BalanceCsvConfig, files: Sequence[Place]) -> Sequence[str]:
    from tasks.ingest.sources.balance_csv.read import look_through  # numba

    return look_through(files[0], config)[1]


def _plan(config: BalanceCsvConfig) -> tuple[Group, ...]:
    table, *_ = _files(config, Group())
    rows = config.rows_per_group or (IMAGES_PER_GROUP if config.images != "none" else TITLES_PER_GROUP)
    return slices(count_lines(table) - 1, rows)


def _files(config: BalanceCsvConfig, group: Group) -> tuple[Place, ...]:
    table = require_file(config.path, f"file of the source {config.name!r}")
    if config.images == "none":
        return (table,)
    if config.image_folder is None:
        raise InputError(
            f"the source {config.name!r} asks for {config.images} images but names no image_folder: "
            "name the folder that holds <wnid>/, or set images to none"
        )
    return (table, *image_folder(config.image_folder, config.name))


def _provenance(config: BalanceCsvConfig) -> str:
    kinds = {"flickr": "the row's own", "class": "stand-ins: any image of the row's class", "none": NO_IMAGES}
    return kinds[config.images]


def _header_faults(config: BalanceCsvConfig) -> Iterator[str]:
    from tasks.ingest.files.table import require_header
    from tasks.ingest.sources.balance_csv.read import COLUMNS  # numba

    for ask in (lambda: require_header(config.path, COLUMNS, config.quotes, "\t"), lambda: _files(config, Group())):
        try:
            ask()
        except InputError as error:
            yield str(error)


BALANCE_CSV = Source(
    plan=_plan,
    files=_files,
    batches=_batches,
    images=_provenance,
    class_names=_class_names,
    header_faults=_header_faults,
)
