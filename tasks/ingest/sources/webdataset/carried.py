"""What rows carry beside caption and image: scores, kept columns, concepts; from a `.json` or a table beside."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from tasks.arrays import Int64s
from tasks.ingest.columns.cells import is_number
from tasks.ingest.columns.concepts import concepts_of
from tasks.ingest.columns.kept import kept_of
from tasks.ingest.files.json_lines import as_text
from tasks.ingest.rows.extras import Extras
from tasks.ingest.rows.row import Rejection
from tasks.ingest.sources.webdataset.beside import TableBeside
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.row import Row


class Carried:
    """Reads what the rows of one tar carry.

    Args:
        config: what is read.
        tar: what rows call the tar.
        table: the rows that img2dataset tells of this tar, if it does.
    """

    def __init__(self, config: WebdatasetConfig, tar: str, table: TableBeside | None) -> None:
        self._config, self._tar, self._table = config, tar, table

    def of(
        self, rows: Sequence[Row], beside: Sequence[int | None], faults: dict[int, Rejection], owner: Int64s
    ) -> Extras:
        """The carried of every draft; those in which it cannot be read become faults.

        Args:
            rows: samples.
            beside: the row of the table of each, or None.
            faults: of the drafts, filled here.
            owner: the sample of each draft.
        """
        config = self._config
        concepts = None
        if config.concepts is not None:
            columns = [self._texts(name, rows, beside) for name in (config.concepts, config.concept_scores) if name]
            concepts, odd = concepts_of(*columns)
            for draft in np.flatnonzero(odd[owner]).tolist():
                key, said = rows[owner[draft]].key, f"{self._tar}: {config.concepts!r} is no list of concepts"
                faults.setdefault(draft, Rejection(key.decode("utf-8", "replace"), "malformed row", said))
        kept = {name: kept_of(self._texts(name, rows, beside))[0] for name in config.keep}
        scores = {name: self._score(name, rows, beside) for name in config.scores}
        return Extras(scores, kept, concepts).take(pa.array(owner))

    def _held(self, name: str, beside: Sequence[int | None]) -> pa.Array | None:
        """A column of the table beside, for every row; None where it has none such."""
        if self._table is None or name not in self._table.columns:
            return None
        places = pa.array([None if at is None or at < 0 else at for at in beside], pa.int64())
        return self._table.columns[name].take(places)

    def _score(self, name: str, rows: Sequence[Row], beside: Sequence[int | None]) -> pa.Array:
        """A score of every row: from the table beside where that has it, else from the samples' fields."""
        held = self._held(name, beside)
        if held is None:
            values = [_field(row, name, "scores") for row in rows]
            return pa.array([float(value) if _is_number(value) else None for value in values], pa.float64())  # type: ignore[arg-type]
        if not is_number(held.type):
            raise InputError(f"the score {name!r} of the table beside {self._tar} is {held.type}: name numbers")
        return held.cast(pa.float64(), safe=False)

    def _texts(self, name: str, rows: Sequence[Row], beside: Sequence[int | None]) -> pa.Array:
        """A column beside as it is, else the samples' fields as texts."""
        held = self._held(name, beside)
        if held is not None:
            return held
        return pa.array([as_text(_field(row, name, "kept")) for row in rows], pa.large_string())


def _field(row: Row, name: str, within: str) -> object:
    """A field of a sample's `.json`, or of an object in it: our own exports have `scores` and `kept`."""
    inner = inner_object(row.fields, within)
    return inner[name] if name in inner else row.fields.get(name)


def inner_object(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object among a sample's fields; empty where there is none of that name."""
    inner = fields.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, float | bool) or (isinstance(value, int) and abs(value) < 2**63)
