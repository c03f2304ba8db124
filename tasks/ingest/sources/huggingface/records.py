"""The values of a Parquet file's rows, read in small batches and no further than a group needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InputError
from tasks.ingest.files.columns import ImageValue, caption_values, image_values, key_values
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import named_columns

ROWS_PER_READ = 256


@dataclass(frozen=True)
class Record:
    """The values of one row; what is not configured, or not needed, is empty."""

    key: str | None = None
    captions: list[str | None] | str | None = None
    image: ImageValue = (None, None)
    label: int | None = None


def records(
    file: pq.ParquetFile, config: HuggingFaceParquetConfig, wanted: range, first: int
) -> Iterator[tuple[int, Record]]:
    """(row in the file, values) of the row groups that meet `wanted`; of earlier ones only the keys."""
    columns = named_columns(config)
    row = 0
    for index in range(file.num_row_groups):
        rows = file.metadata.row_group(index).num_rows
        begin, end = first + row, first + row + rows
        before = end <= wanted.start
        if begin < wanted.stop and not (before and config.key_column is None):
            needed = {option: name for option, name in columns.items() if option == "key" or not before}
            number = row
            for batch in _read(file, index, list(dict.fromkeys(needed.values())), config):
                for record in _values(batch, needed):
                    if first + number < wanted.stop:
                        yield number, record
                    number += 1
        row += rows


def _read(
    file: pq.ParquetFile, row_group: int, columns: list[str], config: HuggingFaceParquetConfig
) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(ROWS_PER_READ, row_groups=[row_group], columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"row group {row_group} of a Parquet file of {config.name!r} cannot be read "
            f"({str(error).splitlines()[0][:120]}): fetch or write the file anew"
        ) from None


def _values(batch: pa.RecordBatch, columns: Mapping[str, str]) -> Iterator[Record]:
    arrays = {option: batch.column(name) for option, name in columns.items()}
    nothing = [None] * batch.num_rows
    keys = key_values(arrays["key"]) if "key" in arrays else nothing
    captions = caption_values(arrays["caption"]) if "caption" in arrays else nothing
    images = image_values(arrays["image"]) if "image" in arrays else [(None, None)] * batch.num_rows
    labels = arrays["label"].to_pylist() if "label" in arrays else nothing
    for values in zip(keys, captions, images, labels, strict=True):
        yield Record(*values)
