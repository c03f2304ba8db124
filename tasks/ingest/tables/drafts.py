"""Rows of a table as drafts: keys, captions, labels, scores and images, column by column."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.cells import is_list
from tasks.ingest.columns.concepts import concepts_of
from tasks.ingest.columns.kept import kept_of
from tasks.ingest.columns.known_ids import KnownIds
from tasks.ingest.columns.plain import plain
from tasks.ingest.columns.xxh3 import row_ids
from tasks.ingest.pictures.cells import ImageCells, Loads
from tasks.ingest.rows.drafts import Drafts
from tasks.ingest.rows.extras import Extras
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import FileRules
from tasks.ingest.tables.captions import caption_column, spread
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.keys import column_keys, numbered_keys
from tasks.ingest.tables.numbers import labels_of, scores_of
from tasks.ingest.tables.shard import Rows


class DraftMaker:
    """Makes drafts of the rows of one source.

    Args:
        source: its name.
        columns: which columns are read.
        rules: what is refused.
        seen: keys of rows before these.
        folder: what loads images by their paths; None where there is no such thing.
    """

    def __init__(self, source: str, columns: Columns, rules: FileRules, seen: KnownIds, folder: Loads | None) -> None:
        self._source, self._columns, self._rules = source, columns, rules
        self._seen, self._folder = seen, folder

    def drafts(self, file: str, rows: Rows) -> Drafts:
        """The drafts of some rows of a file: a draft a row, or one for each of its captions."""
        named, keys = self._columns.named, numbered_keys(file, rows.numbers)
        faults = {
            place: Rejection(keys[place].as_py().decode(), reason, detail)
            for place, (reason, detail) in rows.problems.items()
        }
        if "key" in named:
            keys, wrong = column_keys(rows, named["key"], self._source, self._seen)
            faults |= wrong
        captions = caption_column(rows.columns[named["caption"]]) if "caption" in named else None
        labels = None
        if "label" in named:
            labels, odd = labels_of(rows.columns[named["label"]])
            _blame(odd, named["label"], "is no whole number", rows, faults)
        extras = self._extras(rows, faults)
        owner: Int64s = np.arange(len(rows.numbers))
        if captions is not None and is_list(captions.type):
            empty = pc.fill_null(pc.equal(pc.list_value_length(captions), 0), False)
            for place in np.flatnonzero(empty.to_numpy(zero_copy_only=False)).tolist():
                if place not in faults:
                    detail = f"{rows.where(place)}: an empty list of captions"
                    faults[place] = Rejection(keys[place].as_py().decode(), "empty caption", detail)
            owner, keys, captions = spread(keys, captions, list(faults))
            faults = {int(np.searchsorted(owner, place)): fault for place, fault in faults.items()}
            labels = None if labels is None else labels.take(owner)
            extras = extras.take(pa.array(owner))
        return Drafts(
            ids=row_ids(self._source, keys),
            keys=keys,
            captions=captions,
            labels=labels,
            images=self._images(rows, owner) if "image" in named else None,
            where=lambda draft: rows.where(int(owner[draft])),
            faults=faults,
            extras=extras,
        )

    def _extras(self, rows: Rows, faults: dict[int, Rejection]) -> Extras:
        """What the rows carry; those in which it cannot be read become faults."""
        scores, kept, concepts = {}, {}, None
        for name in self._columns.scores:
            scores[name], odd = scores_of(rows.columns[name])
            _blame(odd, name, "is no number", rows, faults)
        for name in self._columns.kept:
            kept[name], odd = kept_of(rows.columns[name])
            _blame(odd, name, "is not UTF-8", rows, faults)
        if self._columns.concepts:
            concepts, odd = concepts_of(*(rows.columns[name] for name in self._columns.concepts))
            _blame(odd, self._columns.concepts[0], "is no list of concepts", rows, faults)
        return Extras(scores, kept, concepts)

    def _images(self, rows: Rows, owner: Int64s) -> ImageCells:
        return ImageCells(plain(rows.columns[self._columns.named["image"]]), owner, self._rules, self._folder)


def _blame(odd: Bools, column: str, fault: str, rows: Rows, faults: dict[int, Rejection]) -> None:
    """Rows whose value is not what its column must hold are refused."""
    for place in np.flatnonzero(odd).tolist():
        if place not in faults:
            value = _shown(plain(rows.columns[column])[place])
            where = rows.where(place)
            faults[place] = Rejection(where, "malformed row", f"{where}: {value!r} in {column!r} {fault}")


def _shown(value: pa.Scalar) -> str:
    """The beginning of a value, for a sentence."""
    try:
        return str(value.as_py())[:40]
    except UnicodeDecodeError:
        return str(value.cast(pa.large_binary()).as_py())[:40]
