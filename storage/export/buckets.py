"""Weights for a trainer that has none: shards by weight bucket, and how often open_clip shall visit each."""

import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.errors import InputError
from storage.export.samples import Export, Rejection, Sample, fresh_directory, read_samples, write_rejected
from storage.export.webdataset import SAMPLES_PER_SHARD, TarShards, write_sizes
from storage.tables.shards import read_table


@dataclass(frozen=True)
class Bucket:
    """Rows of nearly one rate, the factor by which open_clip visits them, and how far a row's own rate may be from it.

    The deviation is relative (0.1: 10 %), the largest of all rows.
    """

    rows: int
    shards: int
    factor: float
    deviation: float


@dataclass(frozen=True)
class BucketExport:
    """The export, its buckets in increasing order of rate, and the arguments for `python -m open_clip_train.main`."""

    export: Export
    buckets: tuple[Bucket, ...]
    arguments: str


def write_weight_buckets(
    paths: Sequence[Path], directory: Path, *, buckets: int = 8, samples_per_shard: int = SAMPLES_PER_SHARD
) -> BucketExport:
    """Each distinct row once, in tars `bucket-<b>-<n>.tar` of rows with similar rates, and `sizes.json`.

    A row's rate is `weight / inclusion`: what is left of its weight after it was drawn with that probability (a null
    inclusion is 1). Buckets divide the range of rates geometrically, so a rate lies within a factor of
    `(highest / lowest)^(1 / buckets)` of its bucket's; a bucket's factor is its mean rate over that of the lowest.
    open_clip draws *shards* in proportion to the factor, so that every row of a bucket is visited at that rate.

    Raises `InputError` where a weight is not positive and finite, where there are no rows, or where `directory` is
    not empty.
    """
    if buckets < 1:
        raise ValueError("there must be at least one bucket")
    rates = _rates(paths)
    inner = np.geomspace(rates.min(), rates.max(), buckets + 1)[1:-1]
    found: list[list[float]] = [[] for _ in range(buckets)]
    written: set[int] = set()
    rejected: list[Rejection] = []
    with fresh_directory(directory) as target, ExitStack() as stack:
        shards = [
            stack.enter_context(TarShards(target, f"bucket-{bucket}-", samples_per_shard)) for bucket in range(buckets)
        ]
        for sample in read_samples(paths, rejected, copies=False):
            if sample.id not in written:
                written.add(sample.id)
                rate = _rate(sample)
                bucket = int(np.searchsorted(inner, rate, side="right"))
                found[bucket].append(rate)
                shards[bucket].write(sample)
        stack.close()
        sizes = {name: rows for writer in shards for name, rows in writer.sizes.items()}
        write_sizes(target, sizes)
        write_rejected(target, rejected)
    filled = [(shards[bucket], np.array(found[bucket])) for bucket in range(buckets) if found[bucket]]
    described = tuple(
        Bucket(
            rows=len(own),
            shards=len(writer.sizes),
            factor=float(own.mean() / filled[0][1].mean()),
            deviation=float(np.abs(own / own.mean() - 1).max()),
        )
        for writer, own in filled
    )
    export = Export(tuple(directory / name for name in sizes), len(written), len(rejected))
    return BucketExport(export, described, _arguments(directory, [writer for writer, _ in filled], described))


def _rates(paths: Sequence[Path]) -> np.ndarray:
    table = read_table(paths, columns=["weight", "inclusion"])
    weight, inclusion = (table[name].cast("float64").to_numpy() for name in ("weight", "inclusion"))
    rates = weight / np.where(np.isnan(inclusion), 1.0, inclusion)
    if not len(rates):
        raise InputError("the curated shards hold no rows, so there are no weights to export")
    wrong = ~(np.isfinite(rates) & (rates > 0))
    if wrong.any():
        raise InputError(
            f"row {int(np.flatnonzero(wrong)[0])} of the curated shards has no positive, finite weight / inclusion; "
            "export by multiplicity instead (webdataset or CSV)"
        )
    return rates


def _rate(sample: Sample) -> float:
    assert sample.weight is not None
    return sample.weight / (1.0 if sample.inclusion is None else sample.inclusion)


def _arguments(directory: Path, shards: Sequence[TarShards], buckets: Sequence[Bucket]) -> str:
    """`--train-data a::b --train-data-upsampling-factors 1::2.5 --dataset-resampled`, quoted for a shell."""
    patterns = []
    for writer in shards:
        names = list(writer.sizes)
        first, last = (Path(name).stem.rpartition("-")[2] for name in (names[0], names[-1]))
        prefix = names[0].removesuffix(f"{first}.tar")
        patterns.append(f"{directory.resolve()}/{prefix}{{{first}..{last}}}.tar")
    factors = "::".join(f"{bucket.factor:.6g}" for bucket in buckets)
    data = shlex.quote("::".join(patterns))
    return f"--train-data {data} --train-data-upsampling-factors {factors} --dataset-resampled"
