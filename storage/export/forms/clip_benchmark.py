"""Held-out pairs as a retrieval benchmark in clip-benchmark's `wds/` layout."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from storage.export.copies import Copies
from storage.export.forms.open_clip_csv import REWRITTEN
from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, Sample, rejected_table
from storage.export.tars import SAMPLES_PER_SHARD, add, new_tar


def write_clip_benchmark(
    paths: Sequence[Path], directory: Path, job: Job | None = None, *, samples_per_shard: int = SAMPLES_PER_SHARD
) -> Export:
    """`test/0.tar`, … of `s0000000.jpg|png|webp` and `.txt`, `test/nshards.txt`, and `dataset_type.txt`: retrieval.

    Every row once. A line of the text is a caption there, so that line breaks become spaces; captions that had some are
    in `rewritten.parquet`.

    Args:
        paths: shards of the rows, such as those that the curation held out.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        samples_per_shard: of a tar, at most.

    Raises:
        InputError: `directory` holds something else, or no row has an image and a caption.
    """
    job = job or Job(origin_of(paths))
    copies = Copies.of(paths, most=1)
    parts = [
        Part(stop - start, _Shard(copies, number, start, stop).write)
        for number, start, stop in copies.cut(samples_per_shard)
    ]
    return write_parts(directory, "clip_benchmark", {"samples_per_shard": samples_per_shard}, parts, _finish, job)


@dataclass(frozen=True)
class _Shard:
    copies: Copies
    number: int
    start: int
    stop: int

    def write(self, directory: Path, tell: Tell) -> Written:
        rejected: list[Rejection] = []
        rewritten: list[dict[str, str]] = []
        (directory / "test").mkdir(exist_ok=True)
        rows = 0
        with new_tar(directory / "test" / f"{self.number}.tar") as tar:
            for number, _, sample in self.copies.samples(self.start, self.stop):
                if isinstance(sample, Sample):
                    line = " ".join(sample.caption.splitlines())
                    if line != sample.caption:
                        rewritten.append({"key": sample.key, "caption": sample.caption, "title": line})
                    add(tar, f"s{number:07d}.{sample.extension}", sample.image)
                    add(tar, f"s{number:07d}.txt", line.encode())
                    rows += 1
                    tell(1, len(sample.image))
                else:
                    rejected.append(sample)
                    tell(1, 0)
        tables = {REJECTED_NAME: rejected_table(rejected), "rewritten": pa.Table.from_pylist(rewritten, REWRITTEN)}
        return Written((f"test/{self.number}.tar",), rows, tables=tables)


def _finish(directory: Path, parts: Sequence[PartRecord]) -> Finished:
    (directory / "test" / "nshards.txt").write_text(f"{len(parts)}\n", encoding="utf-8")
    (directory / "dataset_type.txt").write_text("retrieval\n", encoding="utf-8")
    return Finished(("test/nshards.txt", "dataset_type.txt"))
