"""The Benefits-of-Balance table of Flickr titles (arXiv 2408.15065, section 4): `title<TAB>filepath`."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import xxhash

from storage.draws import words
from storage.errors import InputError
from storage.tables.ids import row_ids
from tasks.ingest.acceptance import accept
from tasks.ingest.config import BalanceCsvConfig, Group
from tasks.ingest.images import ImageFolder, LoadedImage, Unusable
from tasks.ingest.paths import escapes, require_file, require_folder
from tasks.ingest.rows import Pair, Rejection
from tasks.ingest.sources.table import read_rows

COLUMNS = ("title", "filepath")


def row_key(title: str, filepath: str) -> str:
    """The row's own key: `filepath#<12 hex digits of xxh3(title)>`.

    Several titles of one photo are several rows; keys made of the row's content stay the same when other rows come
    or go, which a count of earlier titles would not.
    """
    return f"{filepath}#{xxhash.xxh3_64_hexdigest(title.encode())[:12]}"


def read_balance_csv(
    config: BalanceCsvConfig, group: Group, table: Path, image_folder: Path | None
) -> Iterator[Pair | Rejection]:
    """The group's slice of the table, row by row.

    The label is the position of the row's wnid among the file's sorted wnids. A row that repeats title and file path
    is a duplicate key. Errors: `InputError` for a missing table, header or image folder.
    """
    images = _image_folder(config, image_folder)
    rows = list(read_rows(require_file(table, f"table of the source {config.name!r}"), COLUMNS, config.quotes))
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


def _image_folder(config: BalanceCsvConfig, folder: Path | None) -> ImageFolder | None:
    if config.images == "none":
        return None
    if folder is None:
        raise InputError(
            f"the source {config.name!r} asks for {config.images} images but names no image_folder: "
            "name the folder that holds <wnid>/, or set images to none"
        )
    return ImageFolder(require_folder(folder, f"image folder of the source {config.name!r}"), config)


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
