"""The Benefits-of-Balance table of Flickr titles (arXiv 2408.15065, section 4): `title<TAB>filepath`."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.draws import words
from storage.places.ask import State, state
from storage.places.place import Place
from storage.tables.ids import row_ids as ids_of
from storage.tables.schemas import IMAGE
from tasks.arrays import Bools, Ids, Int64s
from tasks.ingest.columns.buffers import from_buffers
from tasks.ingest.columns.known_ids import KnownIds, seen_before
from tasks.ingest.columns.xxh3 import hashes, row_ids
from tasks.ingest.files.table import TableBlock, read_blocks
from tasks.ingest.pictures.images import ImageFolder, LoadedImage, Unusable
from tasks.ingest.pictures.paths import escapes
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rows.drafts import Drafts, judge
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.balance_csv.folders import class_folders
from tasks.ingest.sources.source import first

COLUMNS = ("title", "filepath")
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)


def read_balance_csv(config: BalanceCsvConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    """The group's slice of the table, in order; `files` are the table and the image folder if one is used.

    The label is the position of the row's wnid among the file's sorted wnids. A row that repeats title and file path
    is a duplicate key. Raises `InputError` for a missing header.
    """
    folder = first(files[1:])
    images = None if folder is None else ImageFolder(folder, config)
    rows, wnids = look_through(files[0], config)
    wanted = group.rows(rows)
    seen = KnownIds()
    if wanted.start:
        own, before = (_ids(files[0], config, part) for part in (wanted, range(wanted.start)))
        seen = seen_before(own, before)
    for block in _blocks(files[0], config, wanted):
        yield from judge(_drafts(block, config, wnids, seen, images), config, config.name)


def look_through(table: Place, config: BalanceCsvConfig) -> tuple[int, list[str]]:
    """The table's rows, and the distinct class folders of its file paths, sorted: position is label."""
    return _look_through(table, config.quotes, state(table))


@lru_cache(maxsize=8)  # every group asks, and each would read the whole table
def _look_through(table: Place, quotes: Literal["raw", "csv"], found: State) -> tuple[int, list[str]]:
    rows, folders = 0, set[bytes | None]()
    for block in read_blocks(table, COLUMNS, quotes):
        rows += len(block.lines)
        folders.update(pc.unique(class_folders(block.columns[1])[0]).to_pylist())
    return rows, [name.decode() for name in sorted(name for name in folders if name is not None)]


def row_keys(titles: pa.LargeBinaryArray, filepaths: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
    """The rows' own keys: `filepath#<12 hex digits of xxh3(title)>`.

    Several titles of one photo are several rows; keys made of the row's content stay the same when other rows come
    or go, which a count of earlier titles would not.
    """
    shifts = np.arange(60, 12, -4).astype(np.uint64)
    digits = _DIGITS[((hashes(titles)[:, None] >> shifts) & np.uint64(15)).astype(np.int64)]
    offsets = np.arange(0, 12 * len(titles) + 1, 12)
    return pc.binary_join_element_wise(
        filepaths, from_buffers(digits.ravel(), offsets), pa.scalar(b"#", pa.large_binary())
    )


def _blocks(table: Place, config: BalanceCsvConfig, wanted: range) -> Iterator[TableBlock]:
    """The `wanted` rows of the table."""
    row = 0
    for block in read_blocks(table, COLUMNS, config.quotes):
        start, stop = max(wanted.start - row, 0), min(wanted.stop - row, len(block.lines))
        if start < stop:
            yield block.part(start, stop)
        row += len(block.lines)
        if row >= wanted.stop:
            return


def _ids(table: Place, config: BalanceCsvConfig, wanted: range) -> Iterator[Ids]:
    for block in _blocks(table, config, wanted):
        yield row_ids(config.name, row_keys(*block.columns))[_sound(block)]


def _sound(block: TableBlock) -> Bools:
    sound = np.ones(len(block.lines), np.bool_)
    sound[list(block.problems)] = False
    return sound


def _drafts(
    block: TableBlock, config: BalanceCsvConfig, wnids: list[str], seen: KnownIds, images: ImageFolder | None
) -> Drafts:
    titles, filepaths = block.columns
    keys, (folders, plain) = row_keys(titles, filepaths), class_folders(filepaths)
    ids, sound = row_ids(config.name, keys), _sound(block)
    repeated = np.zeros(len(ids), np.bool_)
    repeated[sound] = seen.add(ids[sound])
    faults: dict[int, Rejection] = {}
    for place in np.flatnonzero(~sound | repeated | ~plain).tolist():
        fault = _fault(block, place, keys[place].as_py().decode(), bool(repeated[place]))
        if fault is not None:
            faults[place] = fault
    labels = pc.index_in(folders, value_set=pa.array([wnid.encode() for wnid in wnids], pa.large_binary()))
    return Drafts(
        ids=ids,
        keys=keys,
        captions=titles,
        labels=labels,
        images=None if images is None else FolderImages(config, images, block, keys),
        where=lambda place: f"line {block.lines[place]}",
        faults=faults,
    )


def _fault(block: TableBlock, place: int, key: str, repeated: bool) -> Rejection | None:
    where, filepath = f"line {block.lines[place]}", block.columns[1][place].as_py().decode()
    if place in block.problems:
        return Rejection(where, *block.problems[place])
    if repeated:
        return Rejection(key, "duplicate key", f"{where} repeats the title and file path of an earlier line")
    if escapes(filepath):
        return Rejection(key, "path escapes the image folder", f"{where}: {filepath}")
    if len(PurePosixPath(filepath).parts) < 2:
        detail = f"{where}: the file path {filepath!r} is not of the form <wnid>/<file>"
        return Rejection(key, "malformed row", detail)
    return None


class FolderImages:
    """The images that a block's file paths stand for, each a file of its own; see `rows.drafts.Images`."""

    def __init__(
        self, config: BalanceCsvConfig, folder: ImageFolder, block: TableBlock, keys: pa.LargeBinaryArray
    ) -> None:
        self._config, self._folder, self._paths, self._keys = config, folder, block.columns[1], keys

    def vouched(self, rows: Bools) -> Bools:
        """None: a file has to be opened."""
        return np.zeros(len(rows), np.bool_)

    def column(self, places: Int64s) -> pa.StructArray:
        """Nothing, of no places."""
        return pa.nulls(len(places), IMAGE)

    def load(self, place: int) -> LoadedImage | Unusable:
        """The photo itself, or one of its class drawn by the row's id."""
        wnid, file = PurePosixPath(self._paths[place].as_py().decode()).parts[-2:]
        if self._config.images == "flickr":
            return self._folder.load(f"{wnid}/{file}")
        candidates = self._folder.listing(wnid)
        if not candidates:
            return Unusable("missing image", f"no image in the class folder {wnid}")
        ids = ids_of(self._config.name, [self._keys[place].as_py().decode()])
        draw = int(words(ids, seed=0, purpose="class image")[0])  # the same whatever the group
        return self._folder.load(candidates[draw % len(candidates)])
