"""JSON lines as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.sources.source import Source, provenance
from tasks.ingest.tables.header_faults import json_lines_faults
from tasks.ingest.tables.source import batches_of_table, files_of_table, plan_table


def _batches(config: JsonLinesConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.tables.forms.json_lines import JsonLinesShard

    return batches_of_table(config, group, files, lambda config, name, path: JsonLinesShard(name, path))


JSON_LINES = Source[JsonLinesConfig](
    plan=plan_table,
    files=files_of_table,
    batches=_batches,
    images=lambda config: provenance(config.image_column is not None),
    class_names=lambda config, files: config.class_names,
    header_faults=json_lines_faults,
)
