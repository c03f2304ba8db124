"""Some of the pictures of a data set, drawn by hash: the same whatever the groups, in bounded memory."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.draws import words
from storage.tables.schemas import PAIRS
from storage.tables.shards import ShardWriter, iter_batches
from tasks.studies.selfsupervised.config import SampleConfig

_ROWS_PER_SHARD = 4_096


def sample_pairs(paths: Sequence[Path], config: SampleConfig, output: Path) -> int:
    """Write the `config.rows` labelled rows of pair shards whose hashes are smallest, in the order of the shards.

    Returns how many there were to draw from. A row without a label or an image takes no part.
    """
    drawn = [_draws(batch, config.seed) for path in paths for batch in iter_batches(path, ["id", "label", "image"])]
    known = np.concatenate([np.empty(0, np.uint64), *drawn])
    last = np.partition(known, config.rows - 1)[config.rows - 1] if len(known) > config.rows else None
    with ShardWriter(output, "pairs", PAIRS, rows_per_shard=_ROWS_PER_SHARD) as writer:
        for path in paths:
            for batch in iter_batches(path, PAIRS.names, rows=1_024):
                rows = pa.table(batch).filter(pa.array(_takes_part(batch)))
                if last is not None:
                    rows = rows.filter(
                        pa.array(words(rows["id"].to_numpy(), seed=config.seed, purpose="sample") <= last)
                    )
                if len(rows):
                    writer.write(rows)
    return len(known)


def _draws(batch: pa.RecordBatch, seed: int) -> np.ndarray:
    ids = batch["id"].to_numpy()[_takes_part(batch)]
    return words(ids, seed=seed, purpose="sample")


def _takes_part(batch: pa.RecordBatch) -> np.ndarray:
    labelled = pc.fill_null(pc.greater_equal(batch["label"], 0), False)
    with_image = pc.or_(batch["image"].field("bytes").is_valid(), batch["image"].field("path").is_valid())
    taken: np.ndarray = pc.and_(labelled, with_image).to_numpy(zero_copy_only=False)
    return taken
