"""img2dataset's table beside a tar: what became of every row that was to be fetched."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.cells import keys_of
from tasks.ingest.columns.xxh3 import hashes

SUCCESS = b"success"


class TableBeside:
    """The rows of a table by their keys.

    Attributes:
        rows: how many.
        columns: those that were asked for and are there.
        used: bool `[rows]`, the rows that a sample was found for.
    """

    def __init__(self, table: pa.Table) -> None:
        self.columns = {name: table[name].combine_chunks() for name in table.column_names}
        self.keys = keys_of(self.columns["key"])
        self.status = keys_of(self.columns["status"])
        self.rows = len(self.keys)
        self.used: Bools = np.zeros(self.rows, np.bool_)
        found = hashes(self.keys)
        self._order = np.argsort(found, kind="stable")
        self._sorted = found[self._order]

    def find(self, keys: pa.LargeBinaryArray) -> Int64s:
        """The row of each key, `[n]`, −1 where there is none; of equal keys the first."""
        wanted = hashes(keys)
        places = np.searchsorted(self._sorted, wanted)
        inside = places < self.rows
        rows = np.full(len(wanted), -1, np.int64)
        hit = np.zeros(len(wanted), np.bool_)
        hit[inside] = self._sorted[places[inside]] == wanted[inside]
        rows[hit] = self._order[places[hit]]
        self.used[rows[hit]] = True
        return rows

    def failure(self, row: int) -> str | None:
        """What the table says against a row; None for one that was fetched."""
        status = self.status[row].as_py()
        if status == SUCCESS:
            return None
        said = "no status" if status is None else status.decode("utf-8", "replace")
        message = self.columns["error_message"][row].as_py() if "error_message" in self.columns else None
        return f"status {said}: {message}"[:300] if message else f"status {said}"


def read_beside(path: Place, columns: Sequence[str], *, needed: bool) -> TableBeside | None:
    """The table with those of the columns that it has; None where it is no such table and none is `needed`.

    Raises `InputError` for a file that is not Parquet.
    """
    try:
        with open_binary(path) as file, pq.ParquetFile(file) as parquet:
            names = parquet.schema_arrow.names
            if not {"key", "status"} <= set(names):
                if needed:
                    raise InputError(
                        f"{path} has no columns key and status, as img2dataset writes them: it has "
                        f"{', '.join(names[:20])}; set table to none to read the tars alone"
                    )
                return None
            wanted = [name for name in ("key", "status", "error_message", *columns) if name in names]
            return TableBeside(parquet.read(columns=list(dict.fromkeys(wanted))))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names that are none
        raise InputError(f"{path} is not a readable Parquet file ({str(error).splitlines()[0][:120]})") from None
