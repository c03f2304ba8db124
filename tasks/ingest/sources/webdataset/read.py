"""The rows of WebDataset tars, img2dataset's among them."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from storage.errors import InputError
from storage.places.place import Place, absolute
from storage.places.read import open_binary
from storage.tables.schemas import PAIRS, with_carried
from tasks.ingest.columns.known_ids import KnownIds
from tasks.ingest.reasons import Reason
from tasks.ingest.rows.batches import Batch, rejected_table
from tasks.ingest.rows.drafts import judge
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.webdataset.beside import TableBeside, read_beside
from tasks.ingest.sources.webdataset.config import FIELD, WebdatasetConfig
from tasks.ingest.sources.webdataset.drafts import Gathering
from tasks.ingest.sources.webdataset.plan import label_of, table_beside
from tasks.ingest.tars.fields import MOST_JSON
from tasks.ingest.tars.samples import Sample, samples
from tasks.ingest.tars.stream import Damaged, TarStream

SAMPLES_AT_ONCE = 4_096
BYTES_AT_ONCE = 16 << 20
MOST_LABEL = 1 << 10
MOST_CAPTIONS = 1 << 20


def read_tars(config: WebdatasetConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    """The rows of the group's tars, in order; after those of a tar the rows that only the table beside it has.

    A row's key is the source's own (`config.key`), or `<tar>:<sample's key>`; several captions make one pair each, with
    `#0`, `#1`, … after the key. Duplicate keys are found within the group. A tar that cannot be read to its end is one
    rejected row; the samples before its fault are taken.

    Args:
        config: which members mean what.
        group: which tars.
        files: the tars, then the tables beside them.
    """
    count, seen = len(group.files), KnownIds()
    tables = {str(path): path for path in files[count:]}
    for name, tar in zip(group.files, files[:count], strict=True):
        path = tables.get(str(table_beside(tar)))
        table = None
        if path is not None:
            columns = [name for name in ("caption", config.caption, *config.carried_fields) if name]
            table = read_beside(path, columns, needed=config.table == "img2dataset")
        yield from _read_tar(config, label_of(name, tar), tar, table, seen)


def _read_tar(
    config: WebdatasetConfig, label: str, tar: Place, table: TableBeside | None, seen: KnownIds
) -> Iterator[Batch]:
    place = absolute(tar) if config.image_content == "keep" else None
    gathering = Gathering(config, label, seen, table, place)
    with open_binary(tar) as file:
        if place is not None and file.read(2) == b"\x1f\x8b":
            raise InputError(
                f"{tar} is packed by gzip, and an image inside it cannot be reached by itself: unpack it, or leave "
                f"image_content: keep out of {config.name!r}"
            )
        file.seek(0)
        for block in _blocks(file, config):
            if isinstance(block, Damaged):
                refused = Rejection(label, "damaged archive", f"{label}: {block}")
                yield Batch(with_carried(PAIRS, config.carried).empty_table(), rejected_table([refused]))
            else:
                yield from judge(gathering.of_samples(block), config, config.name)
    for start in range(0, 0 if table is None else table.rows, SAMPLES_AT_ONCE):
        rest = gathering.of_the_rest(start, start + SAMPLES_AT_ONCE)
        if rest is not None:
            yield from judge(rest, config, config.name)
    gathering.require_carried()


def _blocks(file: BinaryIO, config: WebdatasetConfig) -> Iterator[list[Sample] | Damaged]:
    """Some consecutive samples at a time, and at the end what is wrong with the tar."""
    block: list[Sample] = []
    size, fault = 0, None
    try:
        for sample in samples(TarStream(file), *_wanted(config)):
            block.append(sample)
            size += sum(len(part) for part in sample.parts.values() if isinstance(part, bytes))
            if size >= BYTES_AT_ONCE or len(block) == SAMPLES_AT_ONCE:
                yield block
                block, size = [], 0
    except Damaged as error:
        fault = error
    if block:
        yield block
    if fault is not None:
        yield fault


def _wanted(config: WebdatasetConfig) -> tuple[dict[str, int], dict[str, Reason]]:
    """The most bytes of each extension that is read, and why a sample with more is refused."""
    most: dict[str, int] = {}
    reasons: dict[str, Reason] = {}
    if config.fields or config.carried_fields:
        most["json"], reasons["json"] = MOST_JSON, "malformed row"
    if config.label is not None and not config.label.startswith(FIELD):
        most[config.label], reasons[config.label] = MOST_LABEL, "malformed row"
    if config.caption is not None and not config.caption.startswith(FIELD):
        most[config.caption], reasons[config.caption] = MOST_CAPTIONS, "caption too long"
    for extension in config.image or ():
        most[extension], reasons[extension] = config.max_image_bytes, "image file too large"
    return most, reasons
