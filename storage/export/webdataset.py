"""WebDataset tars, as img2dataset lays them out and open_clip reads them."""

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

from storage.export.samples import Export, Rejection, Sample, fresh_directory, read_samples, write_rejected
from storage.tables.ids import spelled_id

SAMPLES_PER_SHARD = 10_000


def write_webdataset(paths: Sequence[Path], directory: Path, *, samples_per_shard: int = SAMPLES_PER_SHARD) -> Export:
    """`00000000.tar`, … of `<key>.jpg|png|webp`, `<key>.txt`, `<key>.json`, and `sizes.json` for open_clip.

    A row is written as often as its multiplicity says. Sample keys are running numbers, because WebDataset cuts names
    at dots and folders, and a source's own keys hold both; the source's key is in the JSON. The bytes depend on the
    rows alone. Raises `InputError` where `directory` is not empty.
    """
    rejected: list[Rejection] = []
    with fresh_directory(directory) as target:
        with TarShards(target, "", samples_per_shard) as shards:
            for sample in read_samples(paths, rejected):
                shards.write(sample)
        write_sizes(target, shards.sizes)
        write_rejected(target, rejected)
    return Export(tuple(directory / name for name in shards.sizes), sum(shards.sizes.values()), len(rejected))


class TarShards:
    """Writes samples to `<prefix>00000000.tar`, …; `sizes` counts the samples of each."""

    def __init__(self, directory: Path, prefix: str, samples_per_shard: int) -> None:
        if samples_per_shard < 1:
            raise ValueError("a shard holds at least one sample")
        self.sizes: dict[str, int] = {}
        self._directory, self._prefix, self._samples_per_shard = directory, prefix, samples_per_shard
        self._rows = 0
        self._tar: tarfile.TarFile | None = None

    def write(self, sample: Sample) -> None:
        """Append one sample."""
        if self._tar is None or self._rows % self._samples_per_shard == 0:
            self._open()
        assert self._tar is not None
        key = f"{self._rows:010d}"
        facts = {
            "key": sample.key,
            "id": spelled_id(sample.id),
            "source": sample.source,
            "label": sample.label,
            "weight": sample.weight,
            "inclusion": sample.inclusion,
            "multiplicity": sample.multiplicity,
        }
        _add(self._tar, f"{key}.{sample.extension}", sample.image)
        _add(self._tar, f"{key}.txt", sample.caption.encode())
        _add(self._tar, f"{key}.json", json.dumps(facts, ensure_ascii=False).encode())
        self._rows += 1
        self.sizes[Path(str(self._tar.name)).name] += 1

    def _open(self) -> None:
        self.close()
        name = f"{self._prefix}{len(self.sizes):08d}.tar"
        self._tar = tarfile.open(self._directory / name, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 (closed in close)
        self.sizes[name] = 0

    def close(self) -> None:
        """Finish the open shard."""
        if self._tar is not None:
            self._tar.close()
            self._tar = None

    def __enter__(self) -> "TarShards":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def write_sizes(directory: Path, sizes: dict[str, int]) -> None:
    """`sizes.json`: samples by shard name, from which open_clip knows the size of the data."""
    (directory / "sizes.json").write_text(json.dumps(sizes, indent=1), encoding="utf-8")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # no owner, and the time 0: equal rows make equal bytes
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
