"""The rules of ingest as they were first written, a Python object a row: what the columns are compared with."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from storage.draws import words
from storage.tables.ids import row_ids
from tasks.ingest.columns.cells import is_bytes, is_list, is_text
from tasks.ingest.pictures.images import ImageFolder, LoadedImage, Unusable, inspect_image
from tasks.ingest.pictures.paths import escapes
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.text import is_unicode

ImageValue = tuple[bytes | None, str | None]


def text_values(column: pa.Array) -> list[str | None]:
    """Texts, in which bytes that are not UTF-8 have become lone surrogates (Python's `surrogateescape`)."""
    raw = pc.cast(column, pa.large_binary()).to_pylist()
    return [None if value is None else value.decode("utf-8", "surrogateescape") for value in raw]


def caption_values(column: pa.Array) -> list[list[str | None] | str | None]:
    """Captions: a text a row, or a list of texts a row."""
    if not is_list(column.type):
        return list(text_values(column))
    lists: list[list[str | None] | str | None] = []
    for cell in column:
        lists.append(None if not cell.is_valid else text_values(cell.values))
    return lists


def image_values(column: pa.Array) -> list[ImageValue]:
    """Image cells from structs of bytes and path, from bytes, or from paths."""
    if is_text(column.type):
        return [(None, path) for path in text_values(column)]
    if is_bytes(column.type):
        return [(content, None) for content in column.to_pylist()]
    fields = dict(zip([field.name for field in column.type], column.flatten(), strict=True))  # parent nulls pass down
    paths = text_values(fields["path"]) if "path" in fields else [None] * len(column)
    return list(zip(fields["bytes"].to_pylist(), paths, strict=True))


def key_values(column: pa.Array) -> list[str | None]:
    """Keys as texts, from texts or integers."""
    if is_text(column.type):
        return text_values(column)
    return [None if value is None else str(value) for value in column.to_pylist()]


@dataclass(frozen=True)
class Record:
    key: str | None
    captions: list[str | None] | str | None
    image: ImageValue
    label: int | None


def records(file: pq.ParquetFile, config: HuggingFaceParquetConfig) -> Iterator[Record]:
    table = file.read().combine_chunks()
    nothing = [None] * table.num_rows

    def column(name: str) -> pa.Array:
        return table[name].combine_chunks()

    keys = key_values(column(config.key_column)) if config.key_column else nothing
    captions = caption_values(column(config.caption_column)) if config.caption_column else nothing
    images = image_values(column(config.image_column)) if config.image_column else [(None, None)] * table.num_rows
    labels = column(config.label_column).to_pylist() if config.label_column else nothing
    for values in zip(keys, captions, images, labels, strict=True):
        yield Record(*values)


def read_huggingface_parquet(
    config: HuggingFaceParquetConfig, group: Group, files: Sequence[Path]
) -> Iterator[Pair | Rejection]:
    count = len(group.files)
    folder = next(iter(files[count:]), None)
    images = None if folder is None else ImageFolder(folder, config)
    opened = [(name, pq.ParquetFile(path)) for name, path in zip(group.files, files[:count], strict=True)]
    wanted = group.rows(sum(file.metadata.num_rows for _, file in opened))
    seen: set[str] = set()
    passed = 0  # rows of the files before
    for name, file in opened:
        for row, record in enumerate(records(file, config)):
            if passed + row >= wanted.stop:
                break
            key = f"{name}:{row}" if config.key_column is None else record.key
            where = f"{name} row {row}"
            if key is None or not is_unicode(key):
                if passed + row >= wanted.start:
                    fault = "null" if key is None else "not UTF-8"
                    yield Rejection(where, "malformed row", f"{where}: the key in {config.key_column!r} is {fault}")
                continue
            repeated = key in seen
            if config.key_column is not None:
                seen.add(key)
            if passed + row < wanted.start:
                continue  # read for its key alone
            if repeated:
                yield Rejection(key, "duplicate key", f"{where} repeats the key of an earlier row")
                continue
            yield from _pairs(key, record, config, images, where)
        passed += file.metadata.num_rows


def _pairs(
    key: str, record: Record, config: HuggingFaceParquetConfig, images: ImageFolder | None, where: str
) -> Iterator[Pair | Rejection]:
    loaded: list[LoadedImage | Unusable | None] = []  # looked at once for all captions of the row

    def image() -> LoadedImage | Unusable | None:
        if not loaded:
            loaded.append(None if config.image_column is None else _image(record.image, config, images))
        return loaded[0]

    captioned = config.caption_column is not None
    several = isinstance(record.captions, list)
    texts = record.captions if isinstance(record.captions, list) else [record.captions]
    if not texts:
        yield Rejection(key, "empty caption", f"{where}: an empty list of captions")
    for number, text in enumerate(texts):
        own_key = f"{key}#{number}" if several else key
        yield accept(own_key, text, config, image=image, label=record.label, where=where, captioned=captioned)


def _image(value: ImageValue, config: HuggingFaceParquetConfig, images: ImageFolder | None) -> LoadedImage | Unusable:
    content, path = value
    if content is not None:
        problem = inspect_image(content, config)
        return LoadedImage(content, path) if problem is None else problem
    if path is None:
        return Unusable("missing image", "neither bytes nor a path")
    if images is None:
        return Unusable("missing image", f"{path}: no bytes, and the source names no folder of images")
    return images.load(path)


@dataclass(frozen=True)
class TableRow:
    """One row: the number of its (last) line in the file, counted from 1, and its fields or what is wrong with it."""

    line: int
    fields: tuple[str, ...]
    problem: Literal["", "invalid UTF-8", "malformed row"] = ""
    detail: str = ""


def read_rows(path: Path, columns: tuple[str, ...], quotes: Literal["raw", "csv"] = "raw") -> Iterator[TableRow]:
    parsed = _raw_lines(path) if quotes == "raw" else _csv_lines(path)
    header = next(parsed, (1, [""]))[1]
    header[0] = header[0].removeprefix("\ufeff")
    positions = [header.index(name) for name in columns]
    for line, fields in parsed:
        if any(not is_unicode(field) for field in fields):
            yield TableRow(line, (), "invalid UTF-8", f"line {line} holds bytes that are not UTF-8")
        elif len(fields) != len(header):
            yield TableRow(line, (), "malformed row", f"line {line} has {len(fields)} fields, not {len(header)}")
        else:
            yield TableRow(line, tuple(fields[position] for position in positions))


def _raw_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            content = line.removesuffix(b"\n").removesuffix(b"\r")
            yield number, content.decode("utf-8", "surrogateescape").split("\t")


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open("r", encoding="utf-8", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter="\t")
        for fields in reader:
            yield reader.line_num, fields


COLUMNS = ("title", "filepath")


def row_key(title: str, filepath: str) -> str:
    """The row's own key: `filepath#<12 hex digits of xxh3(title)>`.

    Several titles of one photo are several rows; keys made of the row's content stay the same when other rows come
    or go, which a count of earlier titles would not.
    """
    return f"{filepath}#{xxhash.xxh3_64_hexdigest(title.encode())[:12]}"


def read_balance_csv(config: BalanceCsvConfig, group: Group, files: Sequence[Path]) -> Iterator[Pair | Rejection]:
    folder = next(iter(files[1:]), None)
    images = None if folder is None else ImageFolder(folder, config)
    rows = list(read_rows(files[0], COLUMNS, config.quotes))
    labels = {wnid: label for label, wnid in enumerate(wnids(row.fields[1] for row in rows if not row.problem))}
    wanted = group.rows(len(rows))
    seen: set[str] = set()
    for number, row in enumerate(rows[: wanted.stop]):
        inside = number >= wanted.start
        if row.problem:
            if inside:
                yield Rejection(f"line {row.line}", row.problem, row.detail)
            continue
        title, filepath = row.fields
        key = row_key(title, filepath)
        repeated = key in seen  # rows before the group's are looked at for this alone
        seen.add(key)
        if not inside:
            continue
        where = f"line {row.line}"
        if repeated:
            yield Rejection(key, "duplicate key", f"{where} repeats the title and file path of an earlier line")
        elif escapes(filepath):
            yield Rejection(key, "path escapes the image folder", f"{where}: {filepath}")
        elif len(PurePosixPath(filepath).parts) < 2:
            yield Rejection(
                key, "malformed row", f"{where}: the file path {filepath!r} is not of the form <wnid>/<file>"
            )
        else:
            yield accept(
                key,
                title,
                config,
                image=lambda key=key, path=filepath: _stand_in(config, images, key, path),  # type: ignore[misc]
                label=labels[PurePosixPath(filepath).parts[-2]],
                where=where,
            )


def wnids(filepaths: Iterator[str]) -> list[str]:
    """The distinct class folders of some file paths, sorted: position is label."""
    folders = {PurePosixPath(path).parts[-2]: None for path in filepaths if len(PurePosixPath(path).parts) >= 2}
    return sorted(folders)


def _stand_in(
    config: BalanceCsvConfig, images: ImageFolder | None, key: str, filepath: str
) -> LoadedImage | Unusable | None:
    if images is None:
        return None
    wnid, file = PurePosixPath(filepath).parts[-2:]
    if config.images == "flickr":
        return images.load(f"{wnid}/{file}")
    candidates = images.listing(wnid)
    if not candidates:
        return Unusable("missing image", f"no image in the class folder {wnid}")
    draw = int(words(row_ids(config.name, [key]), seed=0, purpose="class image")[0])  # the same whatever the group
    return images.load(candidates[draw % len(candidates)])
