"""The stages `ingest` (sources to pairs), `survey` (what no group sees) and `benchmark` (the test set of scenes)."""

from __future__ import annotations

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from tasks.ingest.config import SourceConfig
from tasks.ingest.rules import Group
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.stats import BenchmarkStats, IngestStats, SurveyStats


@stage("ingest", version=1, modules=())
def ingest(config: SourceConfig, group: Group, files: Sequence[External], *, work: Workspace) -> IngestStats:
    """Read one group of a source into `pairs-*.parquet`, and every row not taken into `rejected.parquet`.

    `files` are the fingerprinted paths that `sources_of(config, group)` names, in that order.
    """
    import pyarrow as pa

    from storage.progress import progress
    from storage.tables.schemas import PAIRS, REJECTED, with_carried
    from storage.tables.shards import ShardWriter, write_table
    from tasks.ingest.read import carried_by, read_source, rows_per_shard
    from tasks.ingest.summary import Summary

    paths = [file.path for file in files]
    summary = Summary()
    rejected = [REJECTED.empty_table()]
    schema = with_carried(PAIRS, carried_by(config))
    with ShardWriter(work.output, "pairs", schema, rows_per_shard=rows_per_shard(config)) as writer:
        for batch in progress(read_source(config, group, paths), f"ingest {config.name} {group.label}", unit="batch"):
            writer.write(batch.pairs)
            rejected.append(batch.rejected)
            summary.add(batch)
    write_table(work.output / "rejected.parquet", pa.concat_tables(rejected))
    return summary.stats(config, group, paths)


@stage("survey", version=1, modules=())
def survey(pairs: Sequence[Manifest], *, work: Workspace) -> SurveyStats:
    """What no group sees alone: every source gave rows, and no two rows share an id. Writes `sources.json`."""
    from storage.hashing import canonical_json
    from tasks.ingest.rows.unique_ids import require_unique_ids
    from tasks.ingest.summary import require_some_rows

    groups: dict[str, list[IngestStats]] = {}
    for manifest in pairs:
        figures = IngestStats.of(manifest)
        groups.setdefault(figures.source, []).append(figures)
    rows = {name: require_some_rows(name, figures) for name, figures in groups.items()}
    distinct = require_unique_ids([path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")])
    (work.output / "sources.json").write_text(canonical_json(dict(rows)), encoding="utf-8")
    rejected = {name: sum(each.rejected for each in figures) for name, figures in groups.items()}
    return SurveyStats(rows=distinct, sources=rows, rejected=rejected)


@stage("benchmark", version=1, modules=())
def benchmark(config: ScenesConfig, *, work: Workspace) -> BenchmarkStats:
    """Write the scenes' uniform test set as zero-shot tasks `shape/`, `colour/` and `object/`, in `wds/` layout."""
    from tasks.ingest.sources.scenes.benchmark import write_benchmark

    return write_benchmark(config, work.output)
