"""The screening stages: the only file here that knows of caching."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from storage.tables.lookup import left
from storage.tables.schemas import GONE, REJECTED
from storage.tables.shards import count_rows, iter_batches, read_table, write_table
from tasks.arrays import Ids
from tasks.screening.config import DeduplicateConfig, DropConfig, LeakageConfig
from tasks.screening.duplicates.dropping import dropped_rows, taken_down
from tasks.screening.stats import DeduplicateStats, DropStats, LeakageStats


@stage(
    "deduplicate",
    version=2,
    modules=("tasks.screening.duplicates.equal_content", "tasks.screening.duplicates.rows_to_drop"),
)
def deduplicate(
    config: DeduplicateConfig,
    pairs: Sequence[Manifest],
    geometry: Manifest | None = None,
    leaks: Sequence[Manifest] = (),
    gone: Sequence[Manifest] = (),
    *,
    work: Workspace,
) -> DeduplicateStats:
    """Find rows that repeat another: `dropped.parquet` (id, the id kept for it, reason). Nothing is removed yet.

    Args:
        config: which rows are the same.
        pairs: groups of pairs.
        geometry: of the pairs' embeddings; rows that its spanning tree joins by edges up to `config.near` are the
            same, and so is what has equal content with any of them.
        leaks: outputs of `leakage`; the rows that they list are kept for no other.
        gone: outputs of `drop`: rows that were taken down, as if they had never been there.
        work: of this run.
    """
    from tasks.screening.duplicates.equal_content import content_hashes, equal_content
    from tasks.screening.duplicates.rows_to_drop import SameAs, rows_to_drop

    relations, paths, taken = [], work.shards(pairs, "pairs-*.parquet"), _taken(gone, work)
    if config.content != "none":
        ids, hashes = content_hashes(iter_batches(paths, ["id", "caption", "image"], rows=1_024), config.content)
        alive = left(ids, taken)
        relations.append(SameAs(*equal_content(ids[alive], hashes[alive]), f"equal {config.content}"))
    if config.near == "auto" and geometry is not None:
        groups = read_table(work.path(geometry, "duplicates.parquet"))
        relations.append(SameAs(groups["id"].to_numpy(), groups["group"].to_numpy(), "near-duplicate"))
    elif config.near is not None and geometry is not None:
        edges = read_table(work.path(geometry, "edges.parquet"), ["source", "target", "length"])
        short = edges.filter(pc.less_equal(edges["length"], pa.scalar(config.near, pa.float32())))
        relations.append(SameAs(short["source"].to_numpy(), short["target"].to_numpy(), "near-duplicate"))
    listed = [read_table(work.path(manifest, "dropped.parquet"), ["id"])["id"].to_numpy() for manifest in leaks]
    dropped = rows_to_drop(relations, np.concatenate([np.empty(0, np.uint64), *listed]))
    write_table(work.output / "dropped.parquet", dropped)
    return DeduplicateStats(
        rows=sum(map(count_rows, paths)) - len(taken),
        dropped=dropped.num_rows,
        groups=len(dropped["kept"].unique()),
        reasons=_counts(dropped),
    )


@stage(
    "leakage",
    version=1,
    modules=("tasks.screening.leakage.leak_tables", "tasks.geometry.read_vectors", "tasks.embedding.benchmarks"),
)
def leakage(  # noqa: PLR0913  a stage's inputs, each by its name
    config: LeakageConfig,
    benchmark: str,
    embeddings: Sequence[Manifest],
    evaluation: Sequence[Manifest],
    pairs: Sequence[Manifest],
    evaluation_pairs: Sequence[Manifest],
    dataset: Manifest | External | None = None,
    gone: Sequence[Manifest] = (),
    *,
    work: Workspace,
) -> LeakageStats:
    """Search training data for evaluation images and for captions that repeat the benchmark's class prompts.

    Writes `leaks.parquet` (nearest pairs), `captions.parquet`, `dropped.parquet` (as `deduplicate`) and `leaks.png`.

    Args:
        config: when a row counts as a leak.
        benchmark: its sub-folder of `dataset`, or "".
        embeddings: of the training images.
        evaluation: of the evaluation images, by the same encoder.
        pairs: what `embeddings` were made from.
        evaluation_pairs: what `evaluation` was made from.
        dataset: the benchmark's folder, for its class prompts.
        gone: outputs of `drop`: rows that were taken down, as if they had never been there.
        work: of this run.
    """
    from tasks.embedding.benchmarks.layout import read_prompts, subfolder
    from tasks.geometry.read_vectors import read_vectors
    from tasks.screening.leakage.leak_tables import (
        captions_like_prompts,
        leak_distance,
        leaks_to_drop,
        nearest_pairs,
        picture_pairs,
    )
    from tasks.screening.leakage.nearest_evaluation import nearest_evaluation

    ids, vectors = read_vectors(work.shards(embeddings, "embeddings-*.parquet"), config.modality)
    evaluation_ids, evaluated = read_vectors(work.shards(evaluation, "embeddings-*.parquet"), config.modality)
    found = nearest_evaluation(vectors, evaluated, workers=work.runtime.workers)
    nearest = nearest_pairs(ids, evaluation_ids, found, leak_distance(found, vectors, config), config.listed)
    known: list[str] = []
    if config.captions and dataset is not None:
        known = read_prompts(subfolder(work.directory(dataset), benchmark))
    captions = captions_like_prompts(work.shards(pairs, "pairs-*.parquet"), known)
    captions = captions.filter(pa.array(left(captions["id"].to_numpy(), _taken(gone, work))))
    dropped = leaks_to_drop(nearest.leaks, captions, config)
    write_table(work.output / "leaks.parquet", nearest.leaks)
    write_table(work.output / "captions.parquet", captions)
    write_table(work.output / "dropped.parquet", dropped)
    sheet = picture_pairs(
        nearest.leaks,
        work.shards(pairs, "pairs-*.parquet"),
        work.shards(evaluation_pairs, "pairs-*.parquet"),
        config.pictures,
    )
    (work.output / "leaks.png").write_bytes(sheet)
    leaked = nearest.leaks.filter(nearest.leaks["leak"])["evaluation"]
    return LeakageStats(
        benchmark=benchmark,
        rows=len(ids),
        evaluation_rows=len(evaluation_ids),
        distance=nearest.distance,
        leaks=nearest.images,
        leaked_evaluation_rows=len(leaked.unique()),
        nearest=float(found.distance.min()) if len(ids) else None,
        captions=captions.num_rows,
        dropped=dropped.num_rows,
    )


@stage("drop", version=2, modules=("tasks.screening.duplicates.dropping",))
def drop(config: DropConfig, pairs: Manifest, dropped: Sequence[Manifest], *, work: Workspace) -> DropStats:
    """Which rows of a group are gone: taken down, or listed by `deduplicate` or `leakage`.

    The pairs stay as they are. `gone.parquet` holds the ids, ascending, which every reader of the pairs leaves out;
    `rejected.parquet` says why.
    """
    listed = [taken_down(config.takedown), *(read_table(work.path(each, "dropped.parquet")) for each in dropped)]
    ids, rejected, rows = [GONE.empty_table()], [REJECTED.empty_table()], 0
    for path in work.paths(pairs, "pairs-*.parquet"):
        table = read_table(path, ["id", "key"])
        gone, why = dropped_rows(table, listed)
        ids.append(gone)
        rejected.append(why)
        rows += table.num_rows - gone.num_rows
    write_table(work.output / "gone.parquet", pa.concat_tables(ids).sort_by("id"))
    every = pa.concat_tables(rejected)
    write_table(work.output / "rejected.parquet", every)
    return DropStats(rows=rows, rejected=every.num_rows, reasons=_counts(every))


def _taken(gone: Sequence[Manifest], work: Workspace) -> Ids:
    """Ids that are gone, ascending."""
    listed = [read_table(work.path(each, "gone.parquet"))["id"].to_numpy() for each in gone]
    return np.sort(np.concatenate([np.empty(0, np.uint64), *listed]))


def _counts(table: pa.Table) -> dict[str, int]:
    return {count["values"]: count["counts"] for count in table["reason"].value_counts().to_pylist()}
