"""The rows of a Parquet file a part at a time: those of a group, and no further than it needs."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError

ROWS_PER_PART = 1 << 16
BYTES_PER_PART = 16 << 20
"""A part has as many rows as its row group has in so many bytes on average, up to `ROWS_PER_PART`."""


def parts(
    file: pq.ParquetFile, source: str, columns: Sequence[str], wanted: range
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(number of the first row in the file, rows) of the `wanted` rows of a file, in order.

    Raises `InputError` for a row group that cannot be read.
    """
    names = list(dict.fromkeys(columns))
    row = 0
    for index in range(file.num_row_groups):
        end = row + file.metadata.row_group(index).num_rows
        if row < wanted.stop and end > wanted.start:
            for batch in _read(file, index, names, source):
                begin, stop = max(row, wanted.start), min(row + batch.num_rows, wanted.stop)
                if begin < stop:
                    yield begin, batch.slice(begin - row, stop - begin)
                row += batch.num_rows
                if row >= wanted.stop:
                    return
        row = end


def _read(file: pq.ParquetFile, row_group: int, columns: list[str], source: str) -> Iterator[pa.RecordBatch]:
    try:
        rows = _rows_per_part(file.metadata.row_group(row_group), columns)
        yield from file.iter_batches(rows, row_groups=[row_group], columns=columns, use_threads=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the last of names that are none
        raise InputError(
            f"row group {row_group} of a Parquet file of {source!r} cannot be read "
            f"({str(error).splitlines()[0][:120]}): fetch or write the file anew"
        ) from None


def _rows_per_part(group: pq.RowGroupMetaData, columns: list[str]) -> int:
    chunks = [group.column(number) for number in range(group.num_columns)]
    held = sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns)
    return max(1, min(ROWS_PER_PART, BYTES_PER_PART * max(1, group.num_rows) // max(1, held)))
