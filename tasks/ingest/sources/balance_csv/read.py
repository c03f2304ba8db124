"""The Benefits-of-Balance table of Flickr titles (arXiv 2408.15065, section 4): `title<TAB>filepath`."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import xxhash

from storage.draws import words
from storage.errors import InputError
from storage.tables.ids import row_ids
from tasks.ingest.files.table import count_lines, read_rows
from tasks.ingest.pictures.images import ImageFolder, LoadedImage, Unusable
from tasks.ingest.pictures.paths import escapes, require_file
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.batches import Batch, make_batches
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.source import NO_IMAGES, Source, first, image_folder, slices

COLUMNS = ("title", "filepath")


def row_key(title: str, filepath: str) -> str:
    """The row's own key: `filepath#<12 hex digits of xxh3(title)>`.

    Several titles of one photo are several rows; keys made of the row's content stay the same when other rows come
    or go, which a count of earlier titles would not.
    """
    return f"{filepath}#{xxhash.xxh3_64_hexdigest(title.encode())[:12]}"


def read_balance_csv(config: BalanceCsvConfig, group: Group, files: Sequence[Path]) -> Iterator[Pair | Rejection]:
    """The group's slice of the table, row by row; `files` are the table and the image folder if one is used.

    The label is the position of the row's wnid among the file's sorted wnids. A row that repeats title and file path
    is a duplicate key. Raises `InputError` for a missing header.
    """
    folder = first(files[1:])
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
                image=lambda key=key, path=filepath: _image(config, images, key, path),  # type: ignore[misc]
                label=labels[PurePosixPath(filepath).parts[-2]],
                where=where,
            )


def wnids(filepaths: Iterator[str]) -> list[str]:
    """The distinct class folders of some file paths, sorted: position is label."""
    folders = {PurePosixPath(path).parts[-2]: None for path in filepaths if len(PurePosixPath(path).parts) >= 2}
    return sorted(folders)


def _image(
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


def _plan(config: BalanceCsvConfig) -> tuple[Group, ...]:
    table, *_ = _files(config, Group())
    return slices(count_lines(table), config.rows_a_run(images=config.images != "none"))


def _files(config: BalanceCsvConfig, group: Group) -> tuple[Path, ...]:
    table = require_file(config.path, f"file of the source {config.name!r}")
    if config.images == "none":
        return (table,)
    if config.image_folder is None:
        raise InputError(
            f"the source {config.name!r} asks for {config.images} images but names no image_folder: "
            "name the folder that holds <wnid>/, or set images to none"
        )
    return (table, *image_folder(config.image_folder, config.name))


def _provenance(config: BalanceCsvConfig) -> str:
    kinds = {"flickr": "the row's own", "class": "stand-ins: any image of the row's class", "none": NO_IMAGES}
    return kinds[config.images]


def _class_names(config: BalanceCsvConfig, files: Sequence[Path]) -> Sequence[str]:
    rows = read_rows(files[0], COLUMNS, config.quotes)
    return wnids(row.fields[1] for row in rows if not row.problem)


def _batches(config: BalanceCsvConfig, group: Group, files: Sequence[Path]) -> Iterator[Batch]:
    return make_batches(read_balance_csv(config, group, files), config.name)


BALANCE_CSV = Source(plan=_plan, files=_files, batches=_batches, images=_provenance, class_names=_class_names)
