"""The CSV of open_clip's `--dataset-type csv`: TAB, `filepath`, `title`, with the images as files beside it."""

import csv
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from storage.export.copies import Copies
from storage.export.image_files import image_name, write_image
from storage.export.parts import PIECES, Finished, Job, Part, Tell, Written, origin_of, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, Sample, rejected_table

NAME = "pairs.csv"
ROWS_PER_PART = 10_000
# What `pandas.read_csv`, with which open_clip reads the file, takes for a missing value, quoted or not.
MISSING = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
     "NULL", "NaN", "None", "n/a", "nan", "null"]
)  # fmt: skip
REWRITTEN = pa.schema([("key", pa.string()), ("caption", pa.large_string()), ("title", pa.large_string())])
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_HEADER = "filepath\ttitle\n"


def write_open_clip_csv(
    paths: Sequence[Path], directory: Path, job: Job | None = None, *, rows_per_part: int = ROWS_PER_PART
) -> Export:
    """`pairs.csv` and `images/<xx>/<id>.jpg|png|webp`; a row is repeated as often as its multiplicity says.

    File paths are absolute, since open_clip opens them as they stand: the folder must stay where it is. In titles,
    white space and control characters become single spaces, as open_clip's tokenizer would have it, and a title that
    pandas would take for a missing value gets a space at its end, which the tokenizer removes. Captions that are not
    their own title are listed in `rewritten.parquet`.

    Args:
        paths: curated shards.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        rows_per_part: that a killed export may have to write again.

    Raises:
        InputError: `directory` holds something else, or no row has an image and a caption.
    """
    job = job or Job(origin_of(paths))
    copies, final = Copies.of(paths), directory.resolve()
    parts = [
        Part(stop - start, _Lines(copies, number, start, stop, final).write)
        for number, start, stop in copies.cut(rows_per_part)
    ]
    return write_parts(directory, "open_clip_csv", {"directory": str(final)}, parts, _finish, job)


@dataclass(frozen=True)
class _Lines:
    copies: Copies
    number: int
    start: int
    stop: int
    final: Path

    def write(self, directory: Path, tell: Tell) -> Written:
        name = f"{PIECES}/{self.number:08d}.csv"
        rejected: list[Rejection] = []
        rewritten: list[dict[str, str]] = []
        images: list[str] = []
        rows = 0
        with open(directory / name, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
            for _, copy, sample in self.copies.samples(self.start, self.stop):
                size = 0
                if isinstance(sample, Sample) and not (title := plain_title(sample.caption)):
                    sample = Rejection(sample.key, "empty caption", "nothing but control characters")
                if isinstance(sample, Rejection):
                    rejected += [sample] if copy == 0 else []
                else:
                    if copy == 0:
                        images.append(write_image(directory, sample))
                        size = len(sample.image)
                        if title != sample.caption:
                            rewritten.append({"key": sample.key, "caption": sample.caption, "title": title})
                    writer.writerow([self.final / image_name(sample), title])
                    rows += 1
                tell(1, size)
        tables = {REJECTED_NAME: rejected_table(rejected), "rewritten": pa.Table.from_pylist(rewritten, REWRITTEN)}
        return Written(files=(name,), rows=rows, tables=tables, beside=tuple(images))


def _finish(directory: Path, parts: Sequence[PartRecord]) -> Finished:
    """All lines in one file."""
    with open(directory / NAME, "wb") as whole:
        whole.write(_HEADER.encode())
        for part in parts:
            with open(directory / part.files[0].path, "rb") as piece:
                shutil.copyfileobj(piece, whole)
    return Finished((NAME,))


def plain_title(caption: str) -> str:
    """A caption as one line that pandas reads back as text; empty where nothing printable is in it."""
    title = _UNPRINTABLE.sub(" ", caption).strip()
    return f"{title} " if title and title in MISSING else title
