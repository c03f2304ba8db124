"""Curated shards in the forms that others train from.

Each exporter reads curated Parquet and writes a directory of its own, whole or not at all. Rows that the form cannot
hold go to `rejected.parquet` beside it, with a reason each. (The curated Parquet itself is already what
`datasets.load_dataset("parquet", …)` reads, its images as images.)
"""

from storage.export.buckets import Bucket, BucketExport, write_weight_buckets
from storage.export.datacomp import write_datacomp_subset
from storage.export.open_clip_csv import write_open_clip_csv
from storage.export.samples import Export
from storage.export.webdataset import write_webdataset

__all__ = [
    "Bucket",
    "BucketExport",
    "Export",
    "write_datacomp_subset",
    "write_open_clip_csv",
    "write_webdataset",
    "write_weight_buckets",
]
