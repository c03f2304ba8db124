"""WebDataset tars, as img2dataset lays them out and open_clip reads them."""

import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from PIL import Image
from pydantic import JsonValue

from storage.export.copies import Copies
from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_json, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, Sample, rejected_table
from storage.export.tars import SAMPLES_PER_SHARD, add_sample, new_tar
from storage.tables.ids import spelled_id
from storage.tables.shards import write_table

SUCCESS = "success"
BESIDE = pa.schema(
    [
        ("key", pa.string()),
        ("caption", pa.large_string()),
        ("url", pa.string()),
        ("status", pa.string()),
        ("error_message", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("original_width", pa.int32()),
        ("original_height", pa.int32()),
        ("sha256", pa.string()),
        ("uid", pa.string()),
        ("id", pa.string()),
        ("source", pa.string()),
        ("label", pa.int32()),
        ("weight", pa.float64()),
        ("multiplicity", pa.uint16()),
    ]
)
"""img2dataset's columns, then our own. `url` is there where the source's was kept (`keep: [url]`)."""


def write_webdataset(
    paths: Sequence[Path], directory: Path, job: Job | None = None, *, samples_per_shard: int = SAMPLES_PER_SHARD
) -> Export:
    """`00000000.tar`, … of `<key>.jpg|png|webp`, `<key>.txt`, `<key>.json`, and `sizes.json` for open_clip.

    A row is written as often as its multiplicity says. Sample keys are running numbers, because WebDataset cuts names
    at dots and folders, and a source's own keys hold both; the source's key is in the JSON, as `key` and as `uid`.
    Beside each tar stand `<shard>.parquet`, a row for every sample and for every row that could not be one, told by its
    `status`, and `<shard>_stats.json`, both as img2dataset names them; the latter tells no times, so that equal rows
    make equal bytes. Those depend on the rows alone.

    Args:
        paths: curated shards.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        samples_per_shard: of the last there are fewer, and of all there are fewer by the rows that are left out.

    Raises:
        InputError: `directory` holds something else, or no row has an image and a caption.
    """
    if samples_per_shard < 1:
        raise ValueError("a shard holds at least one sample")
    job = job or Job(origin_of(paths))
    copies = Copies.of(paths)
    parts = [
        Part(stop - start, _Shard(copies, number, start, stop).write)
        for number, start, stop in copies.cut(samples_per_shard)
    ]
    return write_parts(directory, "webdataset", {"samples_per_shard": samples_per_shard}, parts, _finish, job)


@dataclass(frozen=True)
class _Shard:
    copies: Copies
    number: int
    start: int
    stop: int

    def write(self, directory: Path, tell: Tell) -> Written:
        name = f"{self.number:08d}"
        beside: list[dict[str, object]] = []
        rejected: list[Rejection] = []
        with new_tar(directory / f"{name}.tar") as tar:
            for number, copy, sample in self.copies.samples(self.start, self.stop):
                key, size = f"{number:010d}", 0
                if isinstance(sample, Sample):
                    size = add_sample(tar, key, sample)
                elif copy == 0:
                    rejected.append(sample)
                beside.append(_described(key, sample))
                tell(1, size)
        status = Counter(str(row["status"]) for row in beside)
        write_table(directory / f"{name}.parquet", pa.Table.from_pylist(beside, schema=BESIDE))
        write_json(directory / f"{name}_stats.json", _stats(status))
        return Written(
            files=(f"{name}.tar",),
            rows=status[SUCCESS],
            tables={REJECTED_NAME: rejected_table(rejected)},
            beside=(f"{name}.parquet", f"{name}_stats.json"),
        )


def _described(key: str, sample: Sample | Rejection) -> dict[str, object]:
    if isinstance(sample, Rejection):
        return {"key": key, "uid": sample.key, "status": sample.reason, "error_message": sample.detail}
    width, height = _size(sample.image)
    return {
        "key": key,
        "caption": sample.caption,
        "url": (sample.kept or {}).get("url"),
        "status": SUCCESS,
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "sha256": hashlib.sha256(sample.image).hexdigest(),
        "uid": sample.key,
        "id": spelled_id(sample.id),
        "source": sample.source,
        "label": sample.label,
        "weight": sample.weight,
        "multiplicity": sample.multiplicity,
    }


def _size(image: bytes) -> tuple[int | None, int | None]:
    """Width and height as the header has them; None for one that cannot be read."""
    try:
        with Image.open(io.BytesIO(image), formats=("JPEG", "PNG", "WEBP")) as opened:
            return opened.size
    except Exception:  # decoders raise nearly anything on hostile bytes; the bytes go out as they are all the same
        return None, None


def _stats(status: Counter[str]) -> dict[str, JsonValue]:
    failed = status.total() - status[SUCCESS]
    return {
        "count": status.total(),
        "successes": status[SUCCESS],
        "failed_to_download": failed,
        "failed_to_resize": 0,
        "status_dict": dict(sorted(status.items())),
    }


def _finish(directory: Path, parts: Sequence[PartRecord]) -> Finished:
    """`sizes.json`: samples by shard, from which open_clip knows the size of the data."""
    sizes: dict[str, JsonValue] = {part.files[0].path: part.rows for part in parts}
    write_json(directory / "sizes.json", sizes)
    return Finished(facts={"sizes": sizes})
