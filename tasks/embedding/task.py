"""The embedding stages: the only file here that knows of caching and Prefect."""

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from storage.tables.schemas import PAIRS
from storage.tables.shards import ShardWriter, read_table
from tasks.embedding.record import EncoderRecord
from tasks.embedding.stats import BenchmarkImagesStats, EmbedStats


@stage(
    "embed",
    version=2,
    on_device=True,
    modules=("tasks.embedding",),
    less_memory="lower `batch_size` in the encoder's settings, or use fewer `workers`",
)
def embed(
    encoder: EncoderRecord,
    pairs: Manifest,
    gone: Manifest | None = None,
    *,
    work: Workspace,
) -> EmbedStats:
    """Encode every image and caption of a group of pairs into `embeddings-NNNNN.parquet`, one per shard of pairs.

    Rows that are gone, as `drop` lists them, are left out; those that cannot be encoded go to `rejected.parquet`.
    Finished shards are kept in the scratch directory, so that a killed run goes on where it was.
    """
    from tasks.embedding.encoding.opened import opened  # torch and open_clip take seconds to import: only where used
    from tasks.embedding.run import embed_shards

    return embed_shards(
        encoder.settings,
        shards=work.paths(pairs, "pairs-*.parquet") or work.paths(pairs, "curated-*.parquet"),
        opened=lambda: opened(encoder, work, work.device),
        gone=None if gone is None else read_table(work.path(gone, "gone.parquet"))["id"].to_numpy(),
        output=work.output,
        scratch=work.scratch,
        device=work.device,
        workers=work.runtime.workers,
    )


@stage("benchmark_images", version=2, modules=("tasks.embedding.benchmarks",))
def benchmark_images(
    benchmark: str, dataset: Manifest | External, split: str = "test", *, work: Workspace
) -> BenchmarkImagesStats:
    """The images of a benchmark in `wds/` layout as `pairs-*.parquet`, to be embedded and searched for leaks.

    benchmark: sub-folder of the data set, or "". split: its sub-folder whose images are scored.
    """
    from tasks.embedding.benchmarks.layout import inspect_layout, subfolder
    from tasks.embedding.benchmarks.pairs import benchmark_pairs

    root = subfolder(work.directory(dataset), benchmark)
    layout = inspect_layout(root, name=benchmark or root.name, split=split)
    with ShardWriter(work.output, "pairs", PAIRS) as writer:
        for table in benchmark_pairs(layout):
            writer.write(table)
    return BenchmarkImagesStats(benchmark=benchmark, rows=writer.rows)
