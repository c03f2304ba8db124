"""The screening stages: the only file here that knows of caching."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from storage.tables.lookup import left
from storage.tables.schemas import GONE, REJECTED, SCORES, scores_in
from storage.tables.shards import count_rows, iter_batches, read_table, write_table
from tasks.arrays import Floats, Ids
from tasks.screening.config import DeduplicateConfig, DropConfig, LeakageConfig
from tasks.screening.duplicates.dropping import dropped_rows, taken_down
from tasks.screening.stats import BoundsStats, DeduplicateStats, DropStats, HashStats, LeakageStats


@stage(
    "deduplicate",
    version=2,
    modules=(
        "tasks.screening.duplicates.caption_worth",
        "tasks.screening.duplicates.equal_content",
        "tasks.screening.duplicates.rows_to_drop",
        "tasks.screening.duplicates.similar_hashes",
    ),
)
def deduplicate(
    config: DeduplicateConfig,
    pairs: Sequence[Manifest],
    geometry: Manifest | None = None,
    leaks: Sequence[Manifest] = (),
    gone: Sequence[Manifest] = (),
    hashes: Sequence[Manifest] = (),
    entries: Manifest | None = None,
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
        hashes: outputs of `hash_images`, for `config.perceptual`.
        entries: the keyword list: of repetitions a caption that matches is kept, then the longest.
        work: of this run.
    """
    from tasks.matching.matcher_cache import shared_matcher
    from tasks.screening.duplicates.caption_worth import caption_worth
    from tasks.screening.duplicates.equal_content import columns_of, content_hashes, equal_content
    from tasks.screening.duplicates.rows_to_drop import SameAs, related, rows_to_drop
    from tasks.screening.duplicates.similar_hashes import similar_hashes
    from tasks.screening.pictures.perceptual_hash import hash_words

    relations, paths, taken = [], work.shards(pairs, "pairs-*.parquet"), _taken(gone, work)
    if config.content != "none":
        batches = iter_batches(paths, columns_of(config.content), rows=1_024 if config.content != "caption" else 65_536)
        ids, marks = content_hashes(batches, config.content)
        alive = left(ids, taken)
        relations.append(SameAs(*equal_content(ids[alive], marks[alive]), f"equal {config.content}"))
    if config.near == "auto" and geometry is not None:
        groups = read_table(work.path(geometry, "duplicates.parquet"))
        relations.append(SameAs(groups["id"].to_numpy(), groups["group"].to_numpy(), "near-duplicate"))
    elif config.near is not None and geometry is not None:
        edges = read_table(work.path(geometry, "edges.parquet"), ["source", "target", "length"])
        short = edges.filter(pc.less_equal(edges["length"], pa.scalar(config.near, pa.float32())))
        relations.append(SameAs(short["source"].to_numpy(), short["target"].to_numpy(), "near-duplicate"))
    if config.perceptual is not None and hashes:
        known = read_table(list(work.shards(hashes, "hashes-*.parquet")))
        known = known.filter(pc.is_valid(known["hash"]))
        ids, alive = known["id"].to_numpy(), left(known["id"].to_numpy(), taken)
        same = similar_hashes(ids[alive], hash_words(known["hash"].combine_chunks())[alive], config.perceptual)
        relations.append(SameAs(*same, "alike by perceptual hash"))
    listed = [read_table(work.path(manifest, "dropped.parquet"), ["id"])["id"].to_numpy() for manifest in leaks]
    matcher = shared_matcher(work.directory(entries), entries.digest) if entries is not None else None
    worth = caption_worth(paths, related(relations), matcher)
    dropped = rows_to_drop(relations, np.concatenate([np.empty(0, np.uint64), *listed]), worth)
    write_table(work.output / "dropped.parquet", dropped)
    return DeduplicateStats(
        rows=sum(map(count_rows, paths)) - len(taken),
        dropped=dropped.num_rows,
        groups=len(dropped["kept"].unique()),
        reasons=_counts(dropped),
    )


@stage("hash_images", version=1, modules=("tasks.screening.pictures.perceptual_hash",))
def hash_images(pairs: Manifest, *, work: Workspace) -> HashStats:
    """Perceptual hashes of a group's images: `hashes-NNNNN.parquet` (id, hash), one for each shard of pairs."""
    from storage.progress import progress
    from tasks.screening.pictures.perceptual_hash import picture_hashes

    paths = work.paths(pairs, "pairs-*.parquet")
    rows = hashed = 0
    with progress(sum(map(count_rows, paths)), "hash images", unit="row") as bar:
        for number, path in enumerate(paths):
            table = picture_hashes(path, workers=work.runtime.workers, advance=bar.update)
            write_table(work.output / f"hashes-{number:05d}.parquet", table)
            rows, hashed = rows + table.num_rows, hashed + table.num_rows - table["hash"].null_count
    return HashStats(rows=rows, hashed=hashed)


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


@stage("bounds", version=1, modules=("tasks.screening.filtering",))
def bounds(config: DropConfig, pairs: Sequence[Manifest], *, work: Workspace) -> BoundsStats:
    """For every rule of `config.filter` the score that its top share ends with, over all pairs not taken down."""
    from tasks.screening.filtering import scores_of, top_bound

    paths, down = work.shards(pairs, "pairs-*.parquet"), np.sort(np.array(config.takedown, np.uint64))

    def scores(name: str) -> Iterator[Floats]:
        for path in paths:
            yield scores_of(_scored(path, ["id"]), name, down)

    found = [None if rule.top is None else top_bound(partial(scores, rule.score), rule.top) for rule in config.filter]
    return BoundsStats(bounds=found)


@stage("drop", version=3, modules=("tasks.screening.duplicates.dropping", "tasks.screening.filtering"))
def drop(
    config: DropConfig,
    pairs: Manifest,
    dropped: Sequence[Manifest],
    bounds: Manifest | None = None,
    *,
    work: Workspace,
) -> DropStats:
    """Which rows of a group are gone: taken down, filtered, or listed by `deduplicate` or `leakage`.

    The pairs stay as they are. `gone.parquet` holds the ids, ascending, which every reader of the pairs leaves out;
    `rejected.parquet` says why. bounds: of `bounds`, where a filter keeps a top share.
    """
    from tasks.screening.filtering import filtered_rows

    limits = [None] * len(config.filter) if bounds is None else BoundsStats.of(bounds).bounds
    down = taken_down(config.takedown)
    listed = [read_table(work.path(each, "dropped.parquet")) for each in dropped]
    ids, rejected, rows = [GONE.empty_table()], [REJECTED.empty_table()], 0
    for path in work.paths(pairs, "pairs-*.parquet"):
        table = _scored(path, ["id", "key"])
        filtered = filtered_rows(table, config.filter, limits)
        gone, why = dropped_rows(table.select(["id", "key"]), [down, filtered, *listed])
        ids.append(gone)
        rejected.append(why)
        rows += table.num_rows - gone.num_rows
    write_table(work.output / "gone.parquet", pa.concat_tables(ids).sort_by("id"))
    every = pa.concat_tables(rejected)
    write_table(work.output / "rejected.parquet", every)
    return DropStats(rows=rows, rejected=every.num_rows, reasons=_counts(every))


def _scored(path: Path, columns: list[str]) -> pa.Table:
    """Some columns of a shard of pairs, and the scores where it has any."""
    return read_table(path, [*columns, *([SCORES] if scores_in(pq.read_schema(path)) else [])])


def _taken(gone: Sequence[Manifest], work: Workspace) -> Ids:
    """Ids that are gone, ascending."""
    listed = [read_table(work.path(each, "gone.parquet"))["id"].to_numpy() for each in gone]
    return np.sort(np.concatenate([np.empty(0, np.uint64), *listed]))


def _counts(table: pa.Table) -> dict[str, int]:
    return {count["values"]: count["counts"] for count in table["reason"].value_counts().to_pylist()}
