"""Curated shards in the forms that others train from.

Each exporter reads curated Parquet and writes a folder of its own, in parts: whole or not at all, and a killed export
goes on where it was. Rows that the form cannot hold go to `rejected.parquet` in it, with a reason each. (The curated
Parquet itself is already what `datasets.load_dataset("parquet", …)` reads, its images as images.)
"""
