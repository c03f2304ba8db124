"""The ingest, survey and benchmark stages: the only file here that knows of caching and Prefect."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.hashing import canonical_json
from storage.progress import progress
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from storage.tables.schemas import PAIRS, REJECTED
from storage.tables.shards import ShardWriter, write_table
from tasks.ingest.config import Group, ScenesConfig, SourceConfig
from tasks.ingest.duplicates import require_unique_ids
from tasks.ingest.read import read_source
from tasks.ingest.scenes.benchmark import write_benchmark
from tasks.ingest.stats import IngestStats, SurveyStats
from tasks.ingest.summary import Summary, describe_source, require_some_rows


@stage("ingest", version=1, modules=("tasks.ingest",))
def ingest(config: SourceConfig, group: Group, files: Sequence[External], *, work: Workspace) -> IngestStats:
    """Read one group of a source into `pairs-*.parquet`, and every row not taken into `rejected.parquet`.

    `files` are the fingerprinted paths that `sources_of(config, group)` names, in that order.
    """
    paths = [file.path for file in files]
    summary = Summary()
    rejected = [REJECTED.empty_table()]
    with ShardWriter(work.output, "pairs", PAIRS) as writer:
        for batch in progress(read_source(config, group, paths), f"ingest {config.name} {group.label}"):
            writer.write(batch.pairs)
            rejected.append(batch.rejected)
            summary.add(batch)
    write_table(work.output / "rejected.parquet", pa.concat_tables(rejected))
    return IngestStats.model_validate(describe_source(config, paths) | {"group": group.label} | summary.stats())


@stage("survey", version=1, modules=("tasks.ingest.summary", "tasks.ingest.duplicates"))
def survey(pairs: Sequence[Manifest], *, work: Workspace) -> SurveyStats:
    """What no group sees alone: every source gave rows, and no two rows share an id. Writes `sources.json`."""
    groups: dict[str, list[IngestStats]] = {}
    for figures in map(IngestStats.of, pairs):
        groups.setdefault(figures.source, []).append(figures)
    rows = {name: require_some_rows(name, stats) for name, stats in groups.items()}
    distinct = require_unique_ids([path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")])
    (work.output / "sources.json").write_text(canonical_json({**rows}), encoding="utf-8")
    return SurveyStats(rows=distinct, sources=rows)


@stage("benchmark", version=1, modules=("tasks.ingest.scenes",))
def benchmark(config: ScenesConfig, *, work: Workspace) -> Mapping[str, JsonValue]:
    """Write the scenes' uniform test set as two zero-shot tasks, `shape/` and `colour/`, in `wds/` layout."""
    return write_benchmark(config, work.output)
