"""Any source, read in batches."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from storage.tables.schemas import NOTHING, Carried
from storage.tables.shards import ROWS_PER_SHARD
from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import source_of
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import CarryingRules, Group
from tasks.ingest.sources.source import NO_IMAGES

TEXTS_PER_SHARD = 1 << 18


def rows_per_shard(config: SourceConfig) -> int:
    """Rows in a full shard of pairs: captions alone are small, and a shard is what one thread matches at a time."""
    return TEXTS_PER_SHARD if source_of(config).images(config) == NO_IMAGES else ROWS_PER_SHARD


def carried_by(config: SourceConfig) -> Carried:
    """What a source's pairs carry, as its configuration names it."""
    return config.carried if isinstance(config, CarryingRules) else NOTHING


def read_source(config: SourceConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    """The group's rows in batches; `files` are the paths that `sources_of(config, group)` named, in that order.

    Concatenated over the groups of a plan, the rows are the same, in the same order, whatever the plan. The one
    exception is a key column that repeats a key in *different* Parquet files: `unique_ids` finds those.
    """
    return source_of(config).batches(config, group, files)
