"""Which samples of some tars are drawn and how often, by the keys that a selection knows them by."""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from storage.errors import InputError
from storage.tables.lookup import places_in
from tasks.arrays import Ids, Int64s

Sample = dict[str, Any]
"""What webdataset makes of the members of a tar that share a key: bytes by extension, `__key__` and `__url__`."""

FIELD = "json."
PATIENCE = 1_000_000
"""So many samples without one that is chosen are taken for a mistake."""
UIDS = np.dtype("u8,u8")
_log = logging.getLogger("equipoise.select")


@dataclass(frozen=True)
class Choice:
    """How often each sample is drawn; it is a stage of a webdataset pipeline.

    Attributes:
        hashes: uint64 `[m]`, XXH3-64 of the keys, ascending.
        copies: int64 `[m]`, more than 0.
        key: where a sample's key stands: `json.<field>`; `sample`; None for `<tar's name>:<sample's key>`. These are
            the keys that a source of kind `webdataset` gives its rows.
        example: one of the keys, for sentences.
    """

    hashes: Ids
    copies: Int64s
    key: str | None = None
    example: str = field(default="", compare=False)

    @classmethod
    def of(cls, weights: Path | str | pa.Table | Mapping[str, int], key: str | None = None) -> "Choice":
        """From `weights.parquet` (or its folder), DataComp's `subset.npy`, a table, or copies by key.

        Rows of one key add up. Of a million rows it takes about a second, and 16 bytes each are kept. Raises
        `InputError` where nothing can be read or is drawn.
        """
        if key is not None and key != "sample" and not key.startswith(FIELD):
            raise InputError(f"key must be `sample` or `{FIELD}<field>`, not {key!r}")
        hashes, copies, example = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)], ""
        for keys, many in _read(weights):
            example = example or next((each for each, count in zip(keys, many.tolist()) if count), "")
            hashes.append(np.fromiter(map(_hashed, keys), np.uint64, count=len(keys)))
            copies.append(many)
        found, place = np.unique(np.concatenate(hashes), return_inverse=True)
        summed = np.zeros(len(found), np.int64)
        np.add.at(summed, place, np.concatenate(copies))
        if (summed < 0).any():
            raise InputError("the weights hold copies below 0; give how often each sample is to be drawn")
        if not summed.any():
            raise InputError("the weights draw no sample at all; give rows whose `copies` are more than 0")
        return cls(found[summed > 0], summed[summed > 0], key, example)

    @property
    def total(self) -> int:
        """Samples of an epoch, copies counted, where the tars hold every one that is chosen."""
        return int(self.copies.sum())

    def __call__(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Every chosen sample as often as it is drawn, in a row.

        Raises `InputError` where none is chosen: of all, or of the first `PATIENCE`, because a trainer that wants so
        many samples would otherwise go round for ever.
        """
        seen, found = 0, False
        last: Sample = {}

        def watched() -> Iterator[Sample]:
            nonlocal seen, last
            for seen, last in enumerate(samples, 1):
                if seen > PATIENCE and not found:
                    break
                yield last

        for sample in self.part(watched(), 0, 1):
            found = True
            yield sample
        if seen and not found:
            raise self.nothing_found(seen, last)

    def part(self, samples: Iterable[Sample], number: int, of: int) -> Iterator[Sample]:
        """The share of one of several passes over the same samples, so that copies lie apart."""
        for sample in samples:
            for each, hashed, count in self._drawn(sample):
                for _ in range(count // of + ((number - hashed) % of < count % of)):
                    yield dict(each)

    def nothing_found(self, seen: int, last: Sample) -> InputError:
        """The sentence for samples none of which is chosen, and the last of them."""
        return InputError(
            f"none of {seen:,} samples, such as {self._key(last)!r}, is among the {len(self.hashes):,} that the "
            f"weights name, such as {self.example!r}: say by `key` where a sample's key stands"
        )

    def _drawn(self, sample: Sample) -> list[tuple[Sample, int, int]]:
        """(sample, hash, copies): one, or one a caption where captions were told apart by `#0`, `#1`, …."""
        key = self._key(sample)
        if key is None:
            return []
        hashed = _hashed(key)
        if count := self._copies(hashed):
            return [(sample, hashed, count)]
        text = sample.get("txt")
        lines = [line for line in text.splitlines() if line.strip()] if isinstance(text, bytes) else []
        told = [(line, _hashed(f"{key}#{number}")) for number, line in enumerate(lines)]
        return [({**sample, "txt": line}, each, count) for line, each in told if (count := self._copies(each))]

    def _copies(self, hashed: int) -> int:
        places, found = places_in(self.hashes, np.array([hashed], np.uint64))
        return int(self.copies[places[0]]) if found[0] else 0

    def _key(self, sample: Sample) -> str | None:
        if self.key == "sample":
            return str(sample["__key__"])
        if self.key is None:
            return f"{tar_name(str(sample['__url__']))}:{sample['__key__']}"
        try:
            found = json.loads(sample["json"])[self.key.removeprefix(FIELD)]
        except (KeyError, TypeError, ValueError, RecursionError):
            _log.debug("sample %s has no %s", sample.get("__key__"), self.key)
            return None
        return str(found)


def tar_name(url: str) -> str:
    """A tar's name: the end of its path, of its address without the query, or of the command that writes it."""
    return re.split(r"[/\s]", url.partition("?")[0].strip())[-1]


def _hashed(key: str) -> int:
    return xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"))


def _read(weights: Path | str | pa.Table | Mapping[str, int]) -> Iterator[tuple[list[str], Int64s]]:
    """Keys and copies, a batch at a time."""
    if isinstance(weights, Mapping):
        yield list(weights), np.fromiter(weights.values(), np.int64, count=len(weights))
    elif isinstance(weights, pa.Table):
        yield from map(_columns, weights.to_batches(1 << 16))
    elif Path(weights).suffix == ".npy":
        yield from _subset(Path(weights))
    else:
        path = Path(weights) / "weights.parquet" if Path(weights).is_dir() else Path(weights)
        try:
            with pq.ParquetFile(path) as file:
                missing = {"uid", "copies"} - set(file.schema_arrow.names)
                if missing:
                    raise InputError(f"{path} has no column {sorted(missing)[0]!r}; its weights need uid and copies")
                yield from map(_columns, file.iter_batches(1 << 16, columns=["uid", "copies"]))
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{path} is no readable weights.parquet ({str(error).splitlines()[0][:120]})") from None


def _columns(batch: pa.RecordBatch) -> tuple[list[str], Int64s]:
    return batch["uid"].to_pylist(), batch["copies"].cast(pa.int64()).to_numpy()


def _subset(path: Path) -> Iterator[tuple[list[str], Int64s]]:
    try:
        subset: npt.NDArray[np.void] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no readable uid subset ({str(error).splitlines()[0][:120]})") from None
    if subset.dtype != UIDS or subset.ndim != 1:
        raise InputError(f"{path} holds {subset.dtype}, not DataComp's uids (u8,u8)")
    for start in range(0, len(subset), 1 << 16):
        part = subset[start : start + (1 << 16)].tolist()
        yield [f"{high:016x}{low:016x}" for high, low in part], np.ones(len(part), np.int64)
