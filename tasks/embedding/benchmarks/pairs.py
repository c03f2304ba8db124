"""A benchmark's images as pairs that can be embedded like any others: the same samples that are scored."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from tasks.embedding.benchmarks.archive import Sample, read_samples
from tasks.embedding.benchmarks.layout import Layout

ROWS = 1_024
BYTES = 64 << 20


def benchmark_pairs(layout: Layout) -> Iterator[pa.Table]:
    """Tables in the `PAIRS` schema: one row an image, in the order of evaluation; nothing is extracted.

    A caption is the first line of the image's own text, else the first prompt of its class. Raises `InputError` as
    `archive.read_samples` does.
    """
    first = [every[0] for every in layout.prompts]
    source = f"{layout.name} {layout.split}"
    rows: list[tuple[str, str, Sample]] = []
    size = 0
    for archive in layout.shards:
        for sample in read_samples([archive], classes=layout.labels, several=layout.kind == "multilabel"):
            text = next((line.strip() for line in sample.captions if line.strip()), None)
            label = sample.labels[0] if sample.labels else sample.label
            caption = text or (first[label] if label is not None else sample.key)
            rows.append((f"{Path(archive).stem}/{sample.key}", caption, sample))
            size += len(sample.image)
            if len(rows) >= ROWS or size >= BYTES:
                yield _table(rows, source)
                rows, size = [], 0
    if rows:
        yield _table(rows, source)


def _table(rows: list[tuple[str, str, Sample]], source: str) -> pa.Table:
    keys = [key for key, _, _ in rows]
    images = [{"bytes": sample.image, "path": sample.name} for _, _, sample in rows]
    captions, labels = [caption for _, caption, _ in rows], [sample.label for _, _, sample in rows]
    columns = [row_ids(source, keys), keys, captions, images, labels, [source] * len(rows)]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, PAIRS, strict=True)], schema=PAIRS)
