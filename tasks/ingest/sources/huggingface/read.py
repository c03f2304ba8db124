"""Parquet files in Hugging Face's convention: one image column, captions, and perhaps labels and keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.places.place import Place
from tasks.arrays import Bools, Ids, Int64s
from tasks.ingest.columns.cells import as_bytes, is_list, keys_of
from tasks.ingest.columns.characters import characters
from tasks.ingest.columns.known_ids import KnownIds, seen_before
from tasks.ingest.columns.xxh3 import row_ids
from tasks.ingest.pictures.cells import ImageCells
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rows.drafts import Drafts, judge
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import named_columns, open_parquet
from tasks.ingest.sources.huggingface.parts import parts
from tasks.ingest.sources.source import first


@dataclass(frozen=True)
class _File:
    """One file of a group: its name, and which of its rows are the group's."""

    name: str
    parquet: pq.ParquetFile
    wanted: range


def read_huggingface_parquet(config: HuggingFaceParquetConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    """The group's rows, in order; slices count rows over all of its files.

    A row's key is its `key_column`, or `<file>:<row>`; a list of captions makes one pair each, with `#0`, `#1`, …
    after the key. Duplicate keys are found within the group's files; keys of one id count as equal.

    Args:
        config: which columns are read.
        group: which rows.
        files: the paths of `group.files`, then the folder of images if one is named.

    Raises:
        InputError: a file is missing or not Parquet, or a column is absent or of the wrong type.
    """
    count = len(group.files)
    folder = first(files[count:])
    images = None if folder is None else ImageFolder(folder, config)
    opened = _opened(config, group, files[:count])
    columns = [*named_columns(config).values(), *config.scores]
    seen = _seen(opened, config)
    for file in opened:
        for row, batch in parts(file.parquet, config, columns, file.wanted):
            yield from judge(_drafts(batch, config, (file.name, row), seen, images), config, config.name)


def _opened(config: HuggingFaceParquetConfig, group: Group, paths: Sequence[Place]) -> list[_File]:
    opened = [open_parquet(path, config) for path in paths]
    sizes = [file.metadata.num_rows for file in opened]
    wanted, files, passed = group.rows(sum(sizes)), list[_File](), 0
    for name, file, rows in zip(group.files, opened, sizes, strict=True):
        files.append(_File(name, file, range(max(0, wanted.start - passed), min(rows, wanted.stop - passed))))
        passed += rows
    return files


def _seen(files: Sequence[_File], config: HuggingFaceParquetConfig) -> KnownIds:
    """The group's keys that occur in rows before the group's; none where keys are numbers of rows."""

    def ids(rows: Sequence[range]) -> Iterator[Ids]:
        for file, part in zip(files, rows, strict=True):
            for _, batch in parts(file.parquet, config, [str(config.key_column)], part):
                keys = keys_of(batch.column(0))
                yield row_ids(config.name, keys)[_usable(keys)]

    before = [range(min(file.wanted.start, file.parquet.metadata.num_rows)) for file in files]
    if config.key_column is None or not any(map(len, before)):
        return KnownIds()
    return seen_before(ids([file.wanted for file in files]), ids(before))


def _usable(keys: pa.LargeBinaryArray) -> Bools:
    valid: Bools = keys.is_valid().to_numpy(zero_copy_only=False)
    return valid & characters(keys).sound


def _drafts(
    batch: pa.RecordBatch,
    config: HuggingFaceParquetConfig,
    place: tuple[str, int],
    seen: KnownIds,
    images: ImageFolder | None,
) -> Drafts:
    """The rows of a batch, the first of which is row `place[1]` of the file `place[0]`."""
    name, row = place
    columns = {option: batch.column(column) for option, column in named_columns(config).items()}
    captions, labels = columns.get("caption"), columns.get("label")
    owner: Int64s = np.arange(batch.num_rows)
    if "key" in columns:
        keys = keys_of(columns["key"])
        faults = _key_faults(keys, config, place, seen)
    else:
        keys, faults = _numbered(name, range(row, row + batch.num_rows)), {}
    if captions is not None and is_list(captions.type):
        empty = pc.fill_null(pc.equal(pc.list_value_length(captions), 0), False)
        for number in np.flatnonzero(empty.to_numpy(zero_copy_only=False)).tolist():
            if number not in faults:
                detail = f"{name} row {row + number}: an empty list of captions"
                faults[number] = Rejection(keys[number].as_py().decode(), "empty caption", detail)
        owner, keys, captions = _spread(keys, captions, list(faults))
        faults = {int(np.searchsorted(owner, number)): fault for number, fault in faults.items()}
        labels = None if labels is None else labels.take(pa.array(owner))
    return Drafts(
        ids=row_ids(config.name, keys),
        keys=keys,
        captions=None if captions is None else as_bytes(captions),
        labels=labels,
        images=ImageCells(columns["image"], owner, config, images) if "image" in columns else None,
        where=lambda draft: f"{name} row {row + int(owner[draft])}",
        faults=faults,
        scores={name: batch.column(name).take(pa.array(owner)) for name in config.scores},
    )


def _numbered(name: str, rows: range) -> pa.LargeBinaryArray:
    """The keys `<file>:<row>`."""
    before, nothing = (pa.scalar(text, pa.large_string()) for text in (f"{name}:", ""))
    return as_bytes(
        pc.binary_join_element_wise(before, pa.array(np.arange(rows.start, rows.stop)).cast(pa.large_string()), nothing)
    )


def _key_faults(
    keys: pa.LargeBinaryArray, config: HuggingFaceParquetConfig, place: tuple[str, int], seen: KnownIds
) -> dict[int, Rejection]:
    """Rows whose keys cannot be keys, by their numbers in the batch; the other keys are seen from now on."""
    usable = _usable(keys)
    repeated = np.zeros(len(keys), np.bool_)
    repeated[usable] = seen.add(row_ids(config.name, keys)[usable])
    faults: dict[int, Rejection] = {}
    for number in np.flatnonzero(repeated | ~usable).tolist():
        where = f"{place[0]} row {place[1] + number}"
        key = keys[number].as_py()
        if usable[number]:
            faults[number] = Rejection(key.decode(), "duplicate key", f"{where} repeats the key of an earlier row")
        else:
            fault = "null" if key is None else "not UTF-8"
            faults[number] = Rejection(where, "malformed row", f"{where}: the key in {config.key_column!r} is {fault}")
    return faults


def _spread(
    keys: pa.LargeBinaryArray, captions: pa.Array, refused: list[int]
) -> tuple[Int64s, pa.LargeBinaryArray, pa.LargeBinaryArray]:
    """A draft for each caption of a list, with the caption's number in its key; one for each row without a list.

    Returns:
        The row of every draft, ascending; the drafts' keys; their captions.
    """
    lengths = pc.fill_null(pc.list_value_length(captions), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    lengths[refused] = 0
    counts = np.maximum(lengths, 1)
    owner = np.repeat(np.arange(len(keys)), counts)
    number = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    several = lengths[owner] > 0
    cells = captions.offsets.to_numpy().astype(np.int64)[owner] + number
    texts = as_bytes(captions.values).take(pa.array(cells, mask=~several))
    own = keys.take(pa.array(owner))
    numbers = as_bytes(pa.array(number).cast(pa.large_string()))
    numbered = pc.binary_join_element_wise(own, numbers, pa.scalar(b"#", pa.large_binary()))
    return owner, pc.if_else(pa.array(several), numbered, own), texts
