"""The ingest stage and the benchmark stage: the only file here that knows of caching and Prefect."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pydantic import JsonValue

from storage.caching import stage
from storage.manifest import External
from storage.progress import progress
from storage.schemas import PAIRS, REJECTED
from storage.shards import ShardWriter, write_table
from storage.workspace import Workspace
from tasks.ingest.config import Group, ScenesConfig, SourceConfig
from tasks.ingest.read import read_source
from tasks.ingest.scenes.benchmark import write_benchmark
from tasks.ingest.summary import Summary, describe_source


@stage("ingest", version=1, modules=("tasks.ingest",))
def ingest(
    config: SourceConfig, group: Group, files: Sequence[External], *, work: Workspace
) -> Mapping[str, JsonValue]:
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
    return describe_source(config, paths) | {"group": group.label} | summary.stats()


@stage("benchmark", version=1, modules=("tasks.ingest.scenes",))
def benchmark(config: ScenesConfig, *, work: Workspace) -> Mapping[str, JsonValue]:
    """Write the scenes' uniform test set as two zero-shot tasks, `shape/` and `colour/`, in `wds/` layout."""
    return write_benchmark(config, work.output)
