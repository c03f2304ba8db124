"""Small stages that put pairs, matches and keywords into a store, for tests of the real stages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.config import Config
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.ids import row_ids
from storage.tables.schemas import ENTRIES, MATCHES, PAIRS
from storage.tables.shards import write_table
from tasks.ingest.stats import IngestStats
from tasks.matching.stats import MatchStats


class World(Config):
    """A made-up collection, or one group of it: captions with keywords of long-tailed frequency, in some shards.

    Rows `without` were never there; rows `gone` have null in place of their keywords. `part` of `parts` is a group.
    """

    rows: int = 400
    keywords: int = 30
    shards: int = 1
    seed: int = 0
    without: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    part: int = 0
    parts: int = 1


def keyword_lists(world: World) -> list[list[int]]:
    """Keywords of each caption; about one in ten has none."""
    generator = np.random.default_rng(world.seed)
    share = 1.0 / np.arange(1, world.keywords + 1)
    lists = []
    for _ in range(world.rows):
        degree = int(generator.choice([0, 1, 2, 3, 4], p=[0.1, 0.4, 0.25, 0.15, 0.1]))
        lists.append(sorted({int(j) for j in generator.choice(world.keywords, size=degree, p=share / share.sum())}))
    return lists


def world_ids(world: World) -> np.ndarray:
    return row_ids("world", [f"row{i}" for i in range(world.rows)])


def rows_of_group(rows: list[dict], world: World) -> list[dict]:
    """The rows of the world's part."""
    ends = [len(rows) * part // world.parts for part in (world.part, world.part + 1)]
    return rows[ends[0] : ends[1]]


@stage("test_pairs", version=1, modules=())
def make_pairs(config: World, *, work: Workspace) -> IngestStats:
    ids = world_ids(config)
    rows = [
        {
            "id": int(ids[i]),
            "key": f"row{i}",
            "caption": f"caption {i}",
            "image": {"bytes": f"image {i // 2}".encode(), "path": None},
            "label": None,
            "source": "world",
        }
        for i in range(config.rows)
        if int(ids[i]) not in config.without
    ]
    rows = rows_of_group(rows, config)
    for k, part in enumerate(np.array_split(np.arange(len(rows)), config.shards)):
        write_table(work.output / f"pairs-{k:05d}.parquet", pa.Table.from_pylist([rows[i] for i in part], schema=PAIRS))
    return IngestStats(
        source="world",
        kind="test",
        images="none",
        class_names=(),
        group="1/1",
        rows=len(rows),
        rejected=0,
        reasons={},
        rows_with_image=len(rows),
        mean_caption_characters=10.0,
        labels={},
        bytes=20 * len(rows),
    )


@stage("test_matches", version=1, modules=())
def make_matches(config: World, *, work: Workspace) -> MatchStats:
    ids = world_ids(config)
    rows = [
        {"id": int(i), "entries": None if int(i) in config.gone else entries}
        for i, entries in zip(ids, keyword_lists(config), strict=True)
        if int(i) not in config.without
    ]
    rows = rows_of_group(rows, config)
    for k, part in enumerate(np.array_split(np.arange(len(rows)), config.shards)):
        write_table(
            work.output / f"matches-{k:05d}.parquet", pa.Table.from_pylist([rows[i] for i in part], schema=MATCHES)
        )
    alive = [row["entries"] for row in rows if row["entries"] is not None]
    return MatchStats(rows=len(alive), matched=sum(map(bool, alive)), matches=sum(map(len, alive)))


@stage("test_metadata", version=1, modules=())
def make_metadata(config: World, *, work: Workspace) -> Mapping[str, JsonValue]:
    rows = [{"entry": j, "text": f"word{j}", "provenance": "test", "status": "live"} for j in range(config.keywords)]
    write_table(work.output / "entries.parquet", pa.Table.from_pylist(rows, schema=ENTRIES))
    return {"entries": len(rows)}


def build(world: World, store: Path) -> tuple[Manifest, Manifest, Manifest]:
    """`(pairs, matches, entries)` manifests of a world."""
    runtime = Runtime(store=store)
    return (
        make_pairs.run(world, runtime=runtime),
        make_matches.run(world, runtime=runtime),
        make_metadata.run(world, runtime=runtime),
    )
