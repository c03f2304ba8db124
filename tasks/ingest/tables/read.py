"""A group of a table, whatever its format: its rows in order, in batches."""

from collections.abc import Iterator, Sequence

from tasks.ingest.pictures.cells import Loads
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rows.drafts import judge
from tasks.ingest.rules import FileRules, Group
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.drafts import DraftMaker
from tasks.ingest.tables.keys import keys_before
from tasks.ingest.tables.shard import Shard


def read_shards(
    source: str, columns: Columns, rules: FileRules, group: Group, shards: Sequence[Shard], images: Loads | None
) -> Iterator[Batch]:
    """The group's rows, in order; slices count the places for rows over all of its files.

    A row's key is its key column's, or `<file>:<place>`; a list of captions makes one pair each, with `#0`, `#1`, …
    after the key. Duplicate keys are found within the group's files; keys of one id count as equal.

    Args:
        source: the source's name.
        columns: which columns are read.
        rules: what is refused.
        group: which rows.
        shards: the group's files, in order.
        images: what loads images by the paths that rows have, if there is such a thing.

    Raises:
        InputError: a file cannot be read.
    """
    parts = _parts(group, shards)
    maker = DraftMaker(source, columns, rules, keys_before(shards, parts, columns, source), images)
    for shard, part in zip(shards, parts, strict=True):
        for rows in shard.read(columns, part) if part else ():
            yield from judge(maker.drafts(shard.name, rows), rules, source)


def _parts(group: Group, shards: Sequence[Shard]) -> list[range]:
    """Which places of every file are the group's."""
    sizes = [shard.places() for shard in shards]
    wanted, parts, passed = group.rows(sum(sizes)), list[range](), 0
    for size in sizes:
        parts.append(range(max(0, wanted.start - passed), min(size, wanted.stop - passed)))
        passed += size
    return parts
