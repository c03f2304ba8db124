"""Every hostile input."""

from tests.hostile import (
    benchmark_layouts,
    captions,
    configurations,
    json_files,
    keyword_lists,
    models,
    parquet_files,
    pictures,
    tables,
    tars,
)
from tests.hostile.case import Case

_PARTS = (
    tars, pictures, captions, parquet_files, json_files, tables, configurations, keyword_lists, models,
    benchmark_layouts,
)  # fmt: skip

CORPUS: tuple[Case, ...] = tuple(case for part in _PARTS for case in part.CASES)
