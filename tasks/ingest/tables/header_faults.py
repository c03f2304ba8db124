"""What is wrong with the columns of a table, as its header and its first rows tell: known before anything runs."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from storage.places.place import Place, is_url
from tasks.ingest.tables.columns import Columns, column_faults, columns_of, name_faults
from tasks.ingest.tables.config import TableRules, TextTableRules
from tasks.ingest.tables.plan import found_files, root_of
from tasks.ingest.tables.splits import files_of_split

if TYPE_CHECKING:
    from tasks.ingest.files.table import Quotes

LOOKED = 16
"""Files whose headers are read, from both ends of the list; of files at a URL the first alone."""
FORMS = {
    b"PAR1": "is a Parquet file: its kind is huggingface_parquet",
    b"PK\x03\x04": "is a zip archive or a spreadsheet: unpack it, or save it as CSV",
}
"""What files begin with that are no text, and what to do with them."""
PEEKED = 64
"""First rows that say what a column of text holds."""


def parquet_faults(config: TableRules) -> Iterator[str]:
    """Columns that Parquet files do not have, or that are of another type."""
    from tasks.ingest.tables.forms.parquet import open_parquet, unfolded

    nothing = columns_of(caption=None, image=None, label=None, key=None)
    for path in files_to_look_at(config):
        yield from column_faults(
            unfolded(open_parquet(path, config.name, nothing).schema_arrow), config.columns, str(path)
        )


def text_faults(
    config: TextTableRules, quotes: "Quotes", separator: str | None, header: Sequence[str] = ()
) -> Iterator[str]:
    """Columns that the headers of CSV or TSV files do not have, and numbers that are none in their first rows.

    header: the names of the columns of files that do not begin with them.
    """
    from tasks.ingest.files.table import read_blocks, read_header  # numba

    for path in files_to_look_at(config):
        if told := other_form(path):
            yield told
            continue
        names = read_header(path, quotes, separator, header).names
        faults = list(name_faults(names, config.columns, str(path)))
        yield from faults
        wanted = () if faults else numeric(config.columns)
        for block in read_blocks(path, wanted, quotes, separator, range(PEEKED), names=header) if wanted else ():
            for name, values in zip(wanted, block.columns, strict=True):
                yield from _odd(name, values.view(pa.large_string()), config.columns, str(path))
            break


def json_lines_faults(config: TextTableRules) -> Iterator[str]:
    """Fields that none of the first objects of a file has, and numbers that are none in all of them."""
    from tasks.ingest.files.lines import line_blocks

    for path in files_to_look_at(config):
        if told := other_form(path):
            yield told
            continue
        first = next(line_blocks(path), b"").split(b"\n", PEEKED)[:PEEKED]
        objects = [each for line in first if isinstance(each := _parsed(line), dict)]
        if not objects:
            yield f"{path} begins with no JSON object: each of its lines must be one"
            continue
        there = list(dict.fromkeys(str(name) for each in objects for name in each))
        faults = list(name_faults(there, config.columns, str(path)))
        yield from faults
        for name in () if faults else numeric(config.columns):
            texts = [None if each.get(name) is None else str(each[name]) for each in objects]
            yield from _odd(name, pa.array(texts, pa.large_string()), config.columns, str(path))


def other_form(path: Place) -> str | None:
    """What a file is that is no text, in a sentence; None for all others."""
    with path.open("rb") as file:
        begin = file.read(4)
    return f"{path} {FORMS[begin]}" if begin in FORMS else None


def files_to_look_at(config: TableRules) -> list[Place]:
    """Some of the source's files. Raises `InputError` where there are none."""
    root, found = root_of(config.path), found_files(config.path, config.pattern, config.name, config.links_to)
    names = files_of_split(found, config.split, config.name)
    if is_url(config.path):
        names = names[:1]
    elif len(names) > LOOKED:
        names = (*names[: LOOKED // 2], *names[-(LOOKED // 2) :])
    return [root / name for name in names]


def numeric(columns: Columns) -> tuple[str, ...]:
    """The names of columns that hold numbers."""
    label = (columns.named["label"],) if "label" in columns.named else ()
    return tuple(dict.fromkeys((*label, *columns.scores)))


def _odd(name: str, values: pa.Array, columns: Columns, where: str) -> Iterator[str]:
    """Where no value of a column that must hold numbers is one."""
    from tasks.ingest.tables.numbers import labels_of, scores_of

    is_label = columns.named.get("label") == name
    numbers, odd = (labels_of if is_label else scores_of)(values)
    wrong = np.flatnonzero(odd)
    if len(wrong) and numbers.null_count == len(numbers):
        what = "label_column must name whole numbers" if is_label else "scores must name columns of numbers"
        yield f"the column {name!r} of {where} holds {values[int(wrong[0])].as_py()[:40]!r} and the like: {what}"


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
