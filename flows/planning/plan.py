"""What a curation would cost before it runs: passes, bytes, memory and time of every stage, and what dominates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.config.pipeline import PipelineConfig
from flows.planning.rates import HERE, PICTURE_SECONDS, STAGES, WIDE, Rate, Stage
from tasks.resampling.config import ResamplingConfig

BASE_MEMORY = 450 << 20
"""A process with the libraries that curation loads."""

HELD = 128 << 20  # what `MatchStream` may hold between passes
SHARD_ROWS = 1 << 18
FILE_BYTES = 256 << 20  # what `scatter` gathers before it writes
BIN_SHARE = 1 / 65_536  # of the ids, what `subsample` gathers
TOGETHER = 100  # bytes a caption where all are drawn together


@dataclass(frozen=True)
class Cost:
    """What one stage would take.

    Attributes:
        stage: its name.
        passes: over all rows.
        read, written: bytes over all passes.
        memory: bytes of the process at its peak, with all threads at work.
        seconds: of wall time.
        rate: what it was reckoned from.
        extrapolated: rows over the rows that the rate was measured on.
    """

    stage: Stage
    passes: int
    read: float
    written: float
    memory: float
    seconds: float
    rate: Rate
    extrapolated: float


def passes_of(config: PipelineConfig) -> dict[Stage, int]:
    """How often each stage goes through the rows."""
    return {"balance": config.balancing.passes(), "scale": _scaling_passes(config.resampling), "subsample": 2}


def _scaling_passes(resampling: ResamplingConfig) -> int:
    """None where no caption comes to the limit of its copies, which a law's largest mass tells."""
    together = 1 if resampling.method in ("systematic", "multinomial") else 0
    if resampling.method != "poisson" and resampling.most_copies == ResamplingConfig().most_copies:
        return together
    return together + 1 + (0 if resampling.size is None else 5)


def plan_curation(
    config: PipelineConfig, rates: Mapping[Stage, Rate], *, rows: int, image_bytes: float = 0.0, keywords: int = 40_000
) -> list[Cost]:
    """The cost of every stage, in order.

    Args:
        config: the experiment; `parallel` and `workers` are its own.
        rates: what a row costs.
        rows: captions.
        image_bytes: of a picture, mean. Where stages copy pictures they are added to what is read and written, and
            to the time; rates of this store have them in already.
        keywords: in the list.
    """
    passes = passes_of(config)
    threads = config.parallel * config.workers
    costs = []
    for stage in STAGES:
        rate, repeated = rates[stage], passes.get(stage, 1)
        pictures = 0.0 if rate.where == HERE else rows * image_bytes * (stage in PICTURE_SECONDS)
        seconds = rate.seconds * rows * repeated + pictures * PICTURE_SECONDS.get(stage, 0.0)
        seconds /= threads if stage in WIDE else config.workers
        costs.append(
            Cost(
                stage=stage,
                passes=repeated,
                read=rate.read * rows * repeated + pictures,
                written=rate.written * rows + pictures,
                memory=BASE_MEMORY + _memory(config, stage, rows, image_bytes, keywords),
                seconds=seconds,
                rate=rate,
                extrapolated=rows / rate.rows,
            )
        )
    return costs


def _memory(config: PipelineConfig, stage: Stage, rows: int, image_bytes: float, keywords: int) -> float:
    """What a stage adds to the process, in bytes: shards in flight, vectors on keywords, what is held meanwhile."""
    threads = config.parallel * config.workers
    shard = min(rows, SHARD_ROWS) * 200
    vectors = keywords * 8 * (4 + 2 * config.workers)
    added: dict[Stage, float] = {
        "ingest": config.parallel * min((256 << 20), shard + 10_000 * image_bytes),
        "match": keywords * 120 + threads * shard,
        "balance": vectors + min(HELD, rows * 36),
        "scale": vectors + min(HELD, rows * 36),
        "select": config.parallel * shard,
        "scatter": config.parallel * 2 * min(FILE_BYTES, rows * (100 + image_bytes)),
        "gather": threads * 2 * min(config.curated.bytes_per_shard, rows * (100 + image_bytes)),
        "survey": rows * 8 * BIN_SHARE,
        "subsample": rows * 8 * BIN_SHARE,
    }
    if stage == "scale" and config.resampling.method in ("systematic", "multinomial"):
        return rows * TOGETHER
    return added.get(stage, shard)
