"""All shards of a group: encoded one by one, finished ones kept, and gathered at the end."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from storage.atomic import replacing
from storage.errors import InputError
from storage.progress import progress
from storage.tables.lookup import left
from storage.tables.schemas import REJECTED
from storage.tables.shards import count_rows, read_table, write_table
from tasks.arrays import Ids
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encode_shard import encode_shard
from tasks.embedding.encoding.encoders import Encoders, Pace
from tasks.embedding.stats import EmbedStats


def embed_shards(
    config: EmbeddingConfig,
    *,
    shards: Sequence[Path],
    opened: Callable[[], Encoders],
    output: Path,
    scratch: Path,
    gone: Ids | None = None,
    device: str = "cpu",
    workers: int = 1,
) -> EmbedStats:
    """Write `embeddings-NNNNN.parquet` for each shard and one `rejected.parquet` to `output`; returns the stats.

    `opened` gives the encoders, and is called where there is something to encode; they may have encoded other groups.
    `gone` are ids, ascending, whose rows are left out. A shard that `scratch` already holds (a killed run left it) is
    not encoded again. Raises `InputError` where not one row could be encoded.
    """
    if not shards:
        raise InputError("there are no pairs to encode: the given stage wrote no pairs-*.parquet or curated-*.parquet")
    encoders: Encoders | None = None
    seconds, encoded = 0.0, 0
    scratch.mkdir(parents=True, exist_ok=True)
    finished = [scratch / f"embeddings-{index:05d}.parquet" for index in range(len(shards))]
    unit = "caption" if config.modality == "text" else "image"
    with progress(sum(map(count_rows, shards)), "embed", unit=unit) as bar:
        for shard, done in zip(shards, finished, strict=True):
            if not done.is_file():
                encoders = encoders or replace(opened(), pace=Pace())
                started = time.perf_counter()
                result = encode_shard(
                    shard,
                    encoders,
                    batch_size=config.batch_size,
                    stored=config.stored,
                    workers=workers,
                    advance=bar.update,
                )
                seconds += time.perf_counter() - started
                encoded += result.embeddings.num_rows
                _write_whole(_rejected(done), result.rejected)
                alive = left(result.embeddings["id"].to_numpy(), gone)
                _write_whole(
                    done, result.embeddings.filter(pa.array(alive))
                )  # last: its presence says that the shard is finished
            else:
                bar.update(count_rows(shard))
    rejected = pa.concat_tables([REJECTED.empty_table(), *(read_table(_rejected(done)) for done in finished)])
    rows = sum(map(count_rows, finished))
    if not rows and rejected.num_rows:
        first = rejected.slice(0, 1).to_pylist()[0]
        raise InputError(f"no row could be encoded; the first, {first['key']!r}: {first['reason']} ({first['detail']})")
    for done in finished:
        _link(done, output / done.name)
    write_table(output / "rejected.parquet", rejected)
    counts = rejected["reason"].value_counts().to_pylist()
    schema = pq.read_schema(finished[0])
    dimensions = {name: schema.field(name).type.list_size for name in schema.names if name != "id"}
    on_processor = torch.device(device).type == "cpu"
    alone = encoders.pace.rate(workers if on_processor else 1) if encoders is not None else None
    reached = encoded / seconds if seconds and alone else None
    return EmbedStats(
        rows=rows,
        rejected=rejected.num_rows,
        reasons={count["values"]: count["counts"] for count in sorted(counts, key=lambda count: count["values"])},
        dimension=next(iter(dimensions.values())),
        dimensions=dimensions,
        images_per_second=round(encoded / seconds, 1) if seconds and "image" in dimensions else None,
        model_images_per_second=round(alone, 1) if alone else None,
        share_of_model=round(min(reached / alone, 1.0), 3) if reached and alone else None,
        rows_per_second=round(encoded / seconds, 1) if seconds else None,
        device=device,
    )


def _rejected(done: Path) -> Path:
    return done.with_name(done.name.replace("embeddings", "rejected"))


def _write_whole(path: Path, table: pa.Table) -> None:
    with replacing(path, alone=True) as temporary:
        write_table(temporary, table)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
