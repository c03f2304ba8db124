"""The CSV of open_clip's `--dataset-type csv`: TAB, `filepath`, `title`, with the images as files beside it."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from storage.export.samples import Export, Rejection, fresh_directory, read_samples, write_rejected
from storage.tables.ids import spelled_id

NAME = "pairs.csv"
# What `pandas.read_csv`, with which open_clip reads the file, takes for a missing value, quoted or not.
MISSING = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
     "NULL", "NaN", "None", "n/a", "nan", "null"]
)  # fmt: skip
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def write_open_clip_csv(paths: Sequence[Path], directory: Path) -> Export:
    """`pairs.csv` and `images/<xx>/<id>.jpg|png|webp`; a row is repeated as often as its multiplicity says.

    File paths are absolute, since open_clip opens them as they stand. Image names come from ids, never from the
    source. In titles, white space and control characters become single spaces, as open_clip's tokenizer would have it,
    and a title that pandas would take for a missing value gets a space at its end, which the tokenizer removes.
    Raises `InputError` where `directory` is not empty.
    """
    rejected: list[Rejection] = []
    unprintable: dict[int, Rejection] = {}  # by id: each once, however many copies
    final = directory.resolve()
    rows = 0
    with fresh_directory(directory) as target, open(target / NAME, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        writer.writerow(["filepath", "title"])
        for sample in read_samples(paths, rejected):
            title = plain_title(sample.caption)
            name = Path("images", spelled_id(sample.id)[:2], f"{spelled_id(sample.id)}.{sample.extension}")
            if not title:
                unprintable[sample.id] = Rejection(sample.key, "empty caption", "nothing but control characters")
                continue
            if not (target / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(sample.image)
            writer.writerow([final / name, title])
            rows += 1
        rejected += unprintable.values()
        write_rejected(target, rejected)
    return Export((directory / NAME,), rows, len(rejected))


def plain_title(caption: str) -> str:
    """A caption as one line that pandas reads back as text; empty where nothing printable is in it."""
    title = _UNPRINTABLE.sub(" ", caption).strip()
    return f"{title} " if title and title in MISSING else title
