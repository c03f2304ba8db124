"""The rows of DataComp's tables that are taken, with their images; and what is missing."""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from storage.places.place import Place
from storage.tables.schemas import PAIRS, with_carried
from storage.tables.uids import Uids, parse_uids, spelled_uid
from tasks.ingest.columns.sorted_uids import find, firsts
from tasks.ingest.files.shards import shard_files
from tasks.ingest.rows.batches import Batch, rejected_table
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.datacomp.chosen import Chosen, uid_texts
from tasks.ingest.sources.datacomp.config import TARS, DataCompConfig
from tasks.ingest.sources.datacomp.members import TarImages, look_through
from tasks.ingest.sources.datacomp.subset import read_subset
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.forms.parquet import ParquetShard
from tasks.ingest.tables.plan import found_files
from tasks.ingest.tables.read import read_shards

log = logging.getLogger("equipoise.ingest")

LISTED = 10_000
"""Uids that are told one by one; of more, one row says how many."""


def read_datacomp(config: DataCompConfig, group: Group, files: Sequence[Place], *, rest: bool) -> Iterator[Batch]:
    """The group's rows, in the order of the tables.

    Without tars a group is some tables. With tars it is some tars, and its rows are those of any table whose uid is in
    them, so that each image is read where it lies and once. The last group is what is left (`rest`): rows whose uid no
    tar holds, and uids of the subset that no table holds.

    Args:
        config: what is read.
        group: which tables, or which tars.
        files: the subset if there is one, then tables, then tars.
        rest: whether it is the last group.
    """
    subset = None if config.subset is None else read_subset(files[0])
    others = list(files[config.subset is not None :])
    every = found_files(config.path, config.pattern, config.name, config.links_to)
    names = every if rest or config.tars is not None else group.files
    tables = [
        ParquetShard(name, path, config.name, config.columns_of_tables)
        for name, path in zip(names, others[: len(names)], strict=True)
    ]
    if config.tars is not None:
        called = shard_files(config.tars, TARS, config.name)[1] if rest else group.files
        members = look_through(others[len(names) :], called, config.image)
        if members.rejected and not rest:
            yield _refused(config, members.rejected)
        chosen = [Chosen(each, config.uid_column, subset, members, held=not rest) for each in tables]
        yield from read_shards(config.name, config.columns, config, Group(), chosen, TarImages(members, config))
    elif not rest:
        chosen = [Chosen(each, config.uid_column, subset) for each in tables]
        yield from read_shards(config.name, config.columns, config, group, chosen, None)
    if rest and subset is not None and (absent := _absent(config, subset, tables)):
        yield _refused(config, absent)


def _absent(config: DataCompConfig, subset: Uids, tables: Sequence[ParquetShard]) -> list[Rejection]:
    """The uids of the subset that no table holds."""
    found = np.zeros(len(subset), np.bool_)
    for table in tables:
        for rows in table.read(Columns({"key": config.uid_column}), range(table.places())):
            first, count = find(subset, parse_uids(uid_texts(rows.columns[config.uid_column]))[0])
            found[first[count > 0]] = True
    distinct = firsts(subset)
    missing = np.flatnonzero(distinct & ~found)
    if not len(missing):
        return []
    path = config.subset
    said = f"{len(missing):,} of {np.count_nonzero(distinct):,} uids of {path} are in none of {len(tables)} tables"
    shown = [spelled_uid(subset[at]) for at in missing[:LISTED].tolist()]
    log.warning("%s: %s, the first of them %s", config.name, said, ", ".join(shown[:3]))
    refused = [Rejection(uid, "not in the tables", f"the subset {path} asks for this uid") for uid in shown]
    if len(missing) > LISTED:
        refused.append(Rejection("…", "not in the tables", f"{said}; the first {LISTED:,} are told one by one"))
    return refused


def _refused(config: DataCompConfig, rows: Sequence[Rejection]) -> Batch:
    return Batch(with_carried(PAIRS, config.carried).empty_table(), rejected_table(list(rows)))
