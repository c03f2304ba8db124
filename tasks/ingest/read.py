"""Any source, read in batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import source_of
from tasks.ingest.rows.batches import Batch, make_batches
from tasks.ingest.rules import Group


def read_source(config: SourceConfig, group: Group, files: Sequence[Path]) -> Iterator[Batch]:
    """The group's rows in batches; `files` are the paths that `sources_of(config, group)` named, in that order.

    Concatenated over the groups of a plan, the rows are the same, in the same order, whatever the plan. The one
    exception is a key column that repeats a key in *different* Parquet files: `unique_ids` finds those.
    """
    return make_batches(source_of(config).rows(config, group, files), config.name)
