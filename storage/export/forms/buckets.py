"""Weights for a trainer that has none: shards by weight bucket, and how often open_clip shall visit each."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, JsonValue

from storage.errors import InputError
from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_json, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, Sample, read_samples, rejected_table
from storage.export.tars import SAMPLES_PER_SHARD, add_sample, new_tar
from storage.tables.shards import read_table

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


class Bucket(BaseModel):
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
    paths: Sequence[Path],
    directory: Path,
    job: Job | None = None,
    *,
    buckets: int = 8,
    samples_per_shard: int = SAMPLES_PER_SHARD,
    address: str | None = None,
) -> BucketExport:
    """Each distinct row once, in tars `bucket-<b>-<n>.tar` of rows with similar rates, and `sizes.json`.

    A row's rate is `weight / inclusion`: what is left of its weight after it was drawn with that probability (a null
    inclusion is 1). Buckets divide the range of rates geometrically, so a rate lies within a factor of
    `(highest / lowest)^(1 / buckets)` of its bucket's; a bucket's factor is its mean rate over that of the lowest.
    open_clip draws *shards* in proportion to the factor and goes through each that it draws, so that every row of a
    bucket is visited at that rate, whatever the sizes of the shards. The line of arguments is in `open_clip.txt`, too.

    Args:
        paths: curated shards; each is cut into buckets by itself.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        buckets: into which the rates are divided.
        samples_per_shard: of a tar, at most.
        address: where the tars will lie for the trainer; None: at `directory`.

    Raises:
        InputError: a weight is not positive and finite, there are no rows, or `directory` holds something else.
    """
    if buckets < 1:
        raise ValueError("there must be at least one bucket")
    job = job or Job(origin_of(paths))
    plan = _Plan.of(paths, buckets, samples_per_shard)
    parts = [Part(int((plan.bucket[file] >= 0).sum()), _File(plan, file).write) for file in range(len(paths))]
    address = address or str(directory.resolve())
    settings: dict[str, JsonValue] = {
        "buckets": buckets,
        "samples_per_shard": samples_per_shard,
        "directory": address,
    }

    def finish(partial: Path, records: Sequence[PartRecord]) -> Finished:
        sizes: dict[str, JsonValue] = {}
        for record in records:
            own = record.facts["sizes"]
            assert isinstance(own, dict)
            sizes |= own
        sizes = dict(sorted(sizes.items()))
        write_json(partial / "sizes.json", sizes)
        shards, described = _described(records, sizes)
        line = _arguments(address, shards, described)
        (partial / "open_clip.txt").write_text(line + "\n", encoding="utf-8")
        return Finished(
            facts={"buckets": [bucket.model_dump() for bucket in described], "arguments": line, "sizes": sizes}
        )

    export = write_parts(directory, "weight_buckets", settings, parts, finish, job)
    found, line = export.facts["buckets"], export.facts["arguments"]
    assert isinstance(found, list)
    return BucketExport(export, tuple(Bucket.model_validate(each) for each in found), str(line))


@dataclass(frozen=True)
class _Plan:
    """Which bucket each row of each shard belongs to (−1: the row was in an earlier place), and the tars' numbers."""

    paths: tuple[Path, ...]
    bucket: tuple[Int64s, ...]
    rate: tuple[Floats, ...]
    first: Int64s  # [files, buckets], number of the first tar
    tars: Int64s  # [buckets]
    samples: int

    @classmethod
    def of(cls, paths: Sequence[Path], buckets: int, samples: int) -> "_Plan":
        rates, ids = _rates(paths)
        every = np.concatenate(rates)
        inner = np.geomspace(every.min(), every.max(), buckets + 1)[1:-1]
        distinct = np.zeros(len(every), np.bool_)
        distinct[np.unique(np.concatenate(ids), return_index=True)[1]] = True
        ends = np.cumsum([len(rate) for rate in rates])
        bucket = np.where(distinct, np.searchsorted(inner, every, side="right"), -1)
        by_file = tuple(np.split(bucket, ends[:-1]))
        counts = np.array([np.bincount(own[own >= 0], minlength=buckets) for own in by_file])
        tars = -(-counts // samples)
        return cls(tuple(paths), by_file, rates, np.cumsum(tars, axis=0) - tars, tars.sum(axis=0), samples)

    def tars_of(self, file: int) -> Iterator[tuple[int, int, Int64s]]:
        """(bucket, number of the tar, places of its rows) of one shard."""
        for bucket in range(len(self.tars)):
            rows = np.flatnonzero(self.bucket[file] == bucket)
            for number, start in enumerate(range(0, len(rows), self.samples), int(self.first[file, bucket])):
                yield bucket, number, rows[start : start + self.samples]


@dataclass(frozen=True)
class _File:
    plan: _Plan
    file: int

    def write(self, directory: Path, tell: Tell) -> Written:
        sizes: dict[str, JsonValue] = {}
        rates: dict[str, list[float]] = {}
        rejected: list[Rejection] = []
        for bucket, number, rows in self.plan.tars_of(self.file):
            name = f"{_prefix(bucket)}{number:08d}.tar"
            kept = []
            with new_tar(directory / name) as tar:
                samples = read_samples(self.plan.paths[self.file], rows)
                for place, (row, sample) in enumerate(zip(rows.tolist(), samples, strict=True)):
                    size = 0
                    if isinstance(sample, Sample):
                        size = add_sample(tar, f"{number * self.plan.samples + place:010d}", sample)
                        kept.append(float(self.plan.rate[self.file][row]))
                    else:
                        rejected.append(sample)
                    tell(1, size)
            sizes[name] = len(kept)
            rates.setdefault(str(bucket), []).extend(kept)
        return Written(
            files=tuple(sizes),
            rows=sum(map(len, rates.values())),
            facts={"sizes": sizes, "rates": {name: [len(r), sum(r), min(r), max(r)] for name, r in rates.items() if r}},
            tables={REJECTED_NAME: rejected_table(rejected)},
        )


def _rates(paths: Sequence[Path]) -> tuple[tuple[Floats, ...], list[npt.NDArray[np.uint64]]]:
    rates, ids = [], []
    for path in paths:
        table = read_table(path, columns=["weight", "inclusion", "id"])
        weight, inclusion = (table[name].cast("float64").to_numpy() for name in ("weight", "inclusion"))
        rates.append(weight / np.where(np.isnan(inclusion), 1.0, inclusion))
        ids.append(table["id"].to_numpy())
        wrong = ~(np.isfinite(rates[-1]) & (rates[-1] > 0))
        if wrong.any():
            raise InputError(
                f"row {int(np.flatnonzero(wrong)[0])} of {path.name} has no positive, finite weight / inclusion; "
                "export by multiplicity instead (webdataset or CSV)"
            )
    if not sum(map(len, rates)):
        raise InputError("the curated shards hold no rows, so there are no weights to export")
    return tuple(rates), ids


def _described(records: Sequence[PartRecord], sizes: Mapping[str, JsonValue]) -> tuple[dict[int, int], list[Bucket]]:
    """Shards of each bucket that holds rows, by its number, and what those buckets are."""
    found: dict[int, list[tuple[int, float, float, float]]] = {}
    for record in records:
        rates = record.facts["rates"]
        assert isinstance(rates, dict)
        for name, figures in rates.items():
            found.setdefault(int(name), []).append(tuple(figures))  # type: ignore[arg-type]
    found = dict(sorted(found.items()))
    shards = {number: sum(name.startswith(_prefix(number)) for name in sizes) for number in found}
    rows = {number: sum(each[0] for each in parts) for number, parts in found.items()}
    mean = {number: sum(each[1] for each in parts) / rows[number] for number, parts in found.items()}
    lowest = min(mean.values(), default=1.0)
    described = [
        Bucket(
            rows=rows[number],
            shards=shards[number],
            factor=mean[number] / lowest,
            deviation=max(
                *(each[3] / mean[number] - 1 for each in parts), *(1 - each[2] / mean[number] for each in parts)
            ),
        )
        for number, parts in found.items()
    ]
    return shards, described


def _arguments(address: str, shards: Mapping[int, int], buckets: Sequence[Bucket]) -> str:
    """`--train-data a::b --train-data-upsampling-factors 1::2.5 --dataset-resampled`, quoted for a shell."""
    patterns = [f"{address}/{_prefix(number)}{{{0:08d}..{count - 1:08d}}}.tar" for number, count in shards.items()]
    factors = "::".join(f"{bucket.factor:.6g}" for bucket in buckets)
    data = shlex.quote("::".join(patterns))
    return f"--train-data {data} --train-data-upsampling-factors {factors} --dataset-resampled"


def _prefix(bucket: int) -> str:
    return f"bucket-{bucket:02d}-"
