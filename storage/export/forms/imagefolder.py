"""A folder of images and `metadata.jsonl`, as `datasets.load_dataset("imagefolder", data_dir=…)` reads it."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.export.copies import Copies
from storage.export.image_files import write_image
from storage.export.parts import PIECES, Finished, Job, Part, Tell, Written, origin_of, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, Sample, rejected_table
from storage.tables.ids import spelled_id

ROWS_PER_PART = 10_000
SPLIT = "train"


def write_imagefolder(
    paths: Sequence[Path], directory: Path, job: Job | None = None, *, rows_per_part: int = ROWS_PER_PART
) -> Export:
    """`train/metadata.jsonl` and `train/images/<xx>/<id>.jpg|png|webp`; every row once, with its `multiplicity`.

    A line of the metadata has `file_name`, `text` (the caption, character by character), `key`, `id`, `source`,
    `label`, `weight`, `multiplicity`, and what the source carries: scores and
    kept texts under their own names, and `concepts`. Raises as `write_webdataset` does.
    """
    job = job or Job(origin_of(paths))
    copies = Copies.of(paths, most=1)
    parts = [
        Part(stop - start, _Lines(copies, number, start, stop).write)
        for number, start, stop in copies.cut(rows_per_part)
    ]
    return write_parts(directory, "imagefolder", {}, parts, _finish, job)


@dataclass(frozen=True)
class _Lines:
    copies: Copies
    number: int
    start: int
    stop: int

    def write(self, directory: Path, tell: Tell) -> Written:
        piece = f"{PIECES}/{self.number:08d}.jsonl"
        rejected: list[Rejection] = []
        images: list[str] = []
        with open(directory / piece, "w", encoding="utf-8") as file:
            for _, _, sample in self.copies.samples(self.start, self.stop):
                if isinstance(sample, Sample):
                    name = write_image(directory / SPLIT, sample)
                    images.append(f"{SPLIT}/{name}")
                    file.write(json.dumps(_line(name, sample), ensure_ascii=True) + "\n")
                    tell(1, len(sample.image))
                else:
                    rejected.append(sample)
                    tell(1, 0)
        tables = {REJECTED_NAME: rejected_table(rejected)}
        return Written(files=(piece,), rows=len(images), tables=tables, beside=tuple(images))


def _line(name: str, sample: Sample) -> dict[str, object]:
    facts = {
        "file_name": name,
        "text": sample.caption,
        "key": sample.key,
        "id": spelled_id(sample.id),
        "source": sample.source,
        "label": sample.label,
        "weight": sample.weight,
        "multiplicity": sample.multiplicity,
    }
    return sample.described(facts)


def _finish(directory: Path, parts: Sequence[PartRecord]) -> Finished:
    (directory / SPLIT).mkdir(exist_ok=True)
    with open(directory / SPLIT / "metadata.jsonl", "wb") as whole:
        for part in parts:
            with open(directory / part.files[0].path, "rb") as piece:
                shutil.copyfileobj(piece, whole)
    return Finished((f"{SPLIT}/metadata.jsonl",))
