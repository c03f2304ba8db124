"""Samples gathered into drafts: a caption a row, several of which may share an image."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.tables.references import reference
from storage.tables.schemas import IMAGE
from tasks.arrays import Int64s
from tasks.ingest.columns.known_ids import KnownIds
from tasks.ingest.columns.xxh3 import row_ids
from tasks.ingest.pictures.cells import ImageCells
from tasks.ingest.rows.drafts import Drafts
from tasks.ingest.rows.row import Rejection
from tasks.ingest.sources.webdataset.beside import TableBeside
from tasks.ingest.sources.webdataset.carried import Carried, inner_object
from tasks.ingest.sources.webdataset.cells import captions_of, key_of, label_of
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.row import Row
from tasks.ingest.tars.fields import NO_FIELDS, json_fields
from tasks.ingest.tars.samples import Fault, Sample

REPEATED: Fault = (
    "duplicate key",
    "an earlier sample has this key; a sample's members must follow one another, as `tar --sort=name` packs them",
)


class Gathering:
    """Turns samples of one tar into drafts, a block at a time.

    Args:
        config: what is read.
        tar: what rows call the tar.
        seen: ids of keys that came before.
        table: the rows that img2dataset tells of this tar, if it does.
        place: where the tar lies, if images are kept there; None: they are copied.
    """

    def __init__(
        self, config: WebdatasetConfig, tar: str, seen: KnownIds, table: TableBeside | None, place: str | None = None
    ) -> None:
        self._config, self._tar, self._seen, self._table, self._place = config, tar, seen, table, place
        held = {} if table is None else table.columns
        self._unseen = {name for name in config.carried_fields if name not in held}
        self._some = False
        self._carried = Carried(config, tar, table)

    def require_carried(self) -> None:
        """Raises `InputError` where what rows carry is in no sample's `.json` and no column beside: a wrong name."""
        if self._unseen and self._some:
            raise InputError(
                f"no sample of {self._tar} has {min(self._unseen)!r} in its .json, nor has a table beside it such a "
                f"column: correct scores, keep or concepts of {self._config.name!r}"
            )

    def of_samples(self, samples: Sequence[Sample]) -> Drafts:
        """The drafts of some consecutive samples."""
        rows = [self._row(sample) for sample in samples]
        if self._table is None:
            return self._drafts(rows, [None] * len(rows))
        keys = pa.array([sample.key.encode("utf-8", "surrogateescape") for sample in samples], pa.large_binary())
        found = self._table.find(keys).tolist()
        for row, at in zip(rows, found, strict=True):
            said = "has no row for this key" if at < 0 else self._table.failure(at)
            if said:
                row.fault = row.fault or ("malformed row" if at < 0 else "not downloaded", f"the table beside {said}")
        return self._drafts(rows, found)

    def of_the_rest(self, start: int, stop: int) -> Drafts | None:
        """The drafts of the table's rows `[start, stop)` for which the tar had no sample; None without any."""
        assert self._table is not None
        places = (start + np.flatnonzero(~self._table.used[start:stop])).tolist()
        return self._drafts([self._absent(place) for place in places], places) if places else None

    def _absent(self, place: int) -> Row:
        table, config = self._table, self._config
        assert table is not None
        own = table.keys[place].as_py()
        key = own or b"row %d" % place
        if config.key != "sample":
            key = self._tar.encode("utf-8", "surrogateescape") + b":" + key
        said = table.failure(place)
        if own is None:
            fault: Fault = "malformed row", "the key in the table beside is null"
        elif said:
            fault = "not downloaded", f"the table beside says {said}"
        else:
            fault = "missing image", "the table beside says success, but the tar has no such sample"
        captions = table.columns.get(config.caption or "", table.columns.get("caption"))
        caption = None if captions is None else captions[place].as_py()
        row = Row(key, [caption.encode() if isinstance(caption, str) else None], fault=fault)
        if config.missing_images == "keep" and fault[0] != "malformed row":
            row.fault = None
        return row

    def _row(self, sample: Sample) -> Row:
        config = self._config
        where = f"{self._tar}:{sample.key}".encode("utf-8", "backslashreplace")
        row = Row(where, [None], fault=sample.fault)
        if row.fault:
            return row
        fields = json_fields(sample) if config.fields or config.carried_fields else NO_FIELDS
        if isinstance(fields, tuple):
            return self._refused(row, fields)
        row.fields, self._some = fields, True
        if self._unseen:
            self._unseen -= {*fields, *inner_object(fields, "scores"), *inner_object(fields, "kept")}
        key = key_of(sample, fields, config, self._tar)
        if isinstance(key, tuple):
            return self._refused(row, key)
        row.key = key
        if config.caption is not None:
            captions = captions_of(sample, fields, config)
            if isinstance(captions, tuple):
                return self._refused(row, captions)
            if captions is None or captions == []:
                return self._refused(row, ("empty caption", f"no {config.caption}: {_held(sample)}"))
            row.numbered = isinstance(captions, list)
            row.captions = list(captions) if isinstance(captions, list) else [captions]  # type: ignore[list-item]
        if config.label is not None:
            label = label_of(sample, fields, config)
            if isinstance(label, tuple):
                return self._refused(row, label)
            row.label = label
        return self._with_image(row, sample)

    def _with_image(self, row: Row, sample: Sample) -> Row:
        config = self._config
        if config.image is None:
            return row
        extension = next((each for each in config.image if each in sample.parts), None)
        content = None if extension is None else sample.parts[extension]
        if isinstance(content, tuple):
            return self._refused(row, content)
        if extension is None:
            if config.missing_images == "reject":
                self._refused(row, ("missing image", _held(sample)))
            return row
        row.image, row.path, row.lies = content, sample.names[extension], sample.places[extension]
        return row

    def _refused(self, row: Row, fault: Fault) -> Row:
        row.fault, row.captions, row.numbered = fault, [None], False
        return row

    def _drafts(self, rows: Sequence[Row], beside: Sequence[int | None]) -> Drafts:
        config = self._config
        own = pa.array([row.key for row in rows], pa.large_binary())
        sound = np.array([row.fault is None for row in rows], np.bool_)
        repeated = np.zeros(len(rows), np.bool_)
        repeated[sound] = self._seen.add(row_ids(config.name, own)[sound])
        for place in np.flatnonzero(repeated).tolist():
            self._refused(rows[place], REPEATED)
        owner: Int64s = np.repeat(np.arange(len(rows)), [len(row.captions) for row in rows])
        keys = [
            b"%s#%d" % (row.key, number) if row.numbered else row.key
            for row in rows
            for number in range(len(row.captions))
        ]
        faults = {
            draft: Rejection(keys[draft].decode("utf-8", "replace"), row.fault[0], f"{self._tar}: {row.fault[1]}")
            for draft, at in enumerate(owner.tolist())
            if (row := rows[at]).fault is not None
        }
        ids = pa.array(keys, pa.large_binary())
        extras = self._carried.of(rows, beside, faults, owner)
        return Drafts(
            ids=row_ids(config.name, ids),
            keys=ids,
            captions=None
            if config.caption is None
            else pa.array([caption for row in rows for caption in row.captions], pa.large_binary()),
            labels=None if config.label is None else pa.array([rows[at].label for at in owner], pa.int64()),
            images=None if config.image is None else ImageCells(_cells(rows), owner, config, None, self._kept(rows)),
            where=lambda draft: self._tar,
            faults=faults,
            extras=extras,
        )

    def _kept(self, rows: Sequence[Row]) -> pa.StringArray | None:
        """What stands for the images, where they are kept in the tar."""
        if self._place is None:
            return None
        named = [
            None
            if row.image is None
            else reference(self._place, row.image, (*row.lies, (row.path or "").encode("utf-8", "replace").decode()))
            for row in rows
        ]
        return pa.array(named, pa.string())


def _cells(rows: Sequence[Row]) -> pa.StructArray:
    """Bytes and path of every image."""
    contents = pa.array([row.image for row in rows], pa.binary())
    paths = pa.array([None if row.path is None else row.path.encode("utf-8", "replace") for row in rows], pa.binary())
    missing = pa.array([row.image is None for row in rows])
    return pa.StructArray.from_arrays([contents, paths.cast(pa.string())], fields=list(IMAGE), mask=missing)


def _held(sample: Sample) -> str:
    """What a sample has, for the reason why something is missing."""
    links = [said[1] for said in sample.parts.values() if isinstance(said, tuple)]
    held = ", ".join(sorted(sample.parts))[:100]
    return links[0] if links else f"the sample has {held} alone: its members must follow one another in the tar"
