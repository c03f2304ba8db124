"""CSV and TSV files as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.source import Source, provenance
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.tables.header_faults import text_faults
from tasks.ingest.tables.source import batches_of_table, files_of_table, plan_table


def _batches(config: TableConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.tables.forms.text import TextShard  # numba

    def shard(config: TableConfig, name: str, path: Place) -> TextShard:
        return TextShard(name, path, config.quotes, config.separator, config.header)

    return batches_of_table(config, group, files, shard)


TABLE = Source[TableConfig](
    plan=plan_table,
    files=files_of_table,
    batches=_batches,
    images=lambda config: provenance(config.image_column is not None),
    class_names=lambda config, files: config.class_names,
    header_faults=lambda config: text_faults(config, config.quotes, config.separator, config.header),
)
