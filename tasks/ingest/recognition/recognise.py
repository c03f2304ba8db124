"""What a path is taken for: the kind of source, its settings, and the reasons in words."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from storage.errors import InputError
from storage.places.ask import matching
from storage.places.place import Place
from storage.places.read import read_bytes
from tasks.ingest.pictures.images import SUFFIXES, UNREAD
from tasks.ingest.pictures.paths import below
from tasks.ingest.reasons import TO_UTF_8
from tasks.ingest.recognition.hints import hint, is_imagenet_captions
from tasks.ingest.recognition.roles import Roles, roles_of, roles_of_names
from tasks.ingest.recognition.sample import Sample, format_of, sample
from tasks.ingest.recognition.tars import TARS, has_tables, look_into
from tasks.ingest.tables.plan import found_files, root_of
from tasks.ingest.tables.splits import split_of

LOOKED_AT = 50
"""Paths of images of which it is looked whether they are there."""
_OF_A_CLASS = re.compile(r"((?:.*/)?)n\d{8}/[^/]+")
"""An image in the folder of its WordNet number, as ImageNet has them; where those folders lie."""
_AUTHORS = "ImageNet-Captions, as its authors publish it: title, description and tags make a caption"


@dataclass(frozen=True)
class Recognised:
    """What a path is taken for.

    Attributes:
        kind: the kind of source.
        settings: fields of its configuration beside kind, name and path.
        notes: what was seen, a sentence each, for the person who asked.
        scores: columns that look like scores, and are not carried unless they are named.
    """

    kind: str
    settings: Mapping[str, object]
    notes: Sequence[str] = ()
    scores: Sequence[str] = field(default=())


def recognise(path: Place) -> Recognised:
    """Look at a file, a folder or a pattern. Raises `InputError`, with what was seen, for what is nothing known."""
    names = found_files(path, "**/*", str(path))
    root = root_of(path)
    beside = matching(root, "**/*") if path != root else names
    images = [name for name in beside if name.lower().endswith(SUFFIXES)]
    metadata = [name for name in names if PurePosixPath(name).stem == "metadata" and format_of(name)]
    if metadata and path == root:
        found = _imagefolder(root, metadata, images)
        if found is not None:
            return found
    tars = [name for name in names if name.endswith(TARS)]
    if tars:
        return _tars(root, tars, beside)
    for form in ("parquet", "text", "json"):
        tables = [name for name in names if format_of(name) == form]
        if tables:
            return _table(root, tables, form, images)
    texts = {name for name in names if name.endswith(".txt")}
    described = [name for name in images if PurePosixPath(name).with_suffix(".txt").as_posix() in texts]
    if described:
        notes = [f"{len(images)} images, {len(described)} of them with a text of the same name beside them"]
        if unread := sum(name.lower().endswith(UNREAD) for name in names):
            notes.append(f"{unread} pictures more are of formats that are not read ({', '.join(_unread(names))})")
        return Recognised("sidecar", {}, [*notes, *_splits([name.rpartition("/")[0] or "." for name in images])])
    for name in sorted(texts):
        if path == root and "," in (header := _first_line(root / name)) and roles_of_names(header.split(",")):
            found = _table(root, [name], "text", images)
            return replace(found, settings={"pattern": name, **found.settings})
    if len(names) == 1 and path != root and is_imagenet_captions(read_bytes(root / names[0], 1 << 16).lstrip()):
        return _imagenet_captions(root, images)
    seen = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in names)
    told = ", ".join(f"{count} × {suffix}" for suffix, count in seen.most_common(5))
    if said := hint(root, names):
        raise InputError(f"{path} holds nothing that is read as it stands ({told}): {said}")
    raise InputError(
        f"{path} holds nothing that is known ({told}): known are tars, Parquet, CSV, TSV, JSON lines, images with "
        "metadata.csv, .jsonl or .parquet, and images with .txt files beside them"
    )


def _unread(names: Sequence[str]) -> list[str]:
    return sorted({PurePosixPath(name).suffix.lower() for name in names if name.lower().endswith(UNREAD)})


def _first_line(path: Place) -> str:
    return read_bytes(path, 1 << 12).partition(b"\n")[0].decode("utf-8-sig", "replace").strip()


def _imagefolder(root: Place, metadata: Sequence[str], images: Sequence[str]) -> Recognised | None:
    first = sample(root / metadata[0], str(format_of(metadata[0])))
    if "file_name" not in first.values:
        return None
    roles = roles_of({name: column for name, column in first.values.items() if name != "file_name"})
    notes = [f"{len(images)} images, and {', '.join(metadata[:3])} that names them", _rows(first, len(metadata))]
    settings = {"caption_column": roles.caption} | ({"label_column": roles.label} if roles.label else {})
    return Recognised("imagefolder", settings, [*notes, *_splits(metadata), *_no_caption(roles)], roles.scores)


def _imagenet_captions(root: Place, images: Sequence[str]) -> Recognised:
    classes = Counter(found[1] for name in images if (found := _OF_A_CLASS.fullmatch(name)))
    if not classes:
        note = "no images in folders such as n01440764 lie beside it: captions alone, until `image_folder` names them"
        return Recognised("imagenet_captions", {}, [_AUTHORS, note])
    (folder, count), *_ = classes.most_common(1)
    settings = {"image_folder": str(root / folder)}
    return Recognised("imagenet_captions", settings, [_AUTHORS, f"{count:,} images of classes in {root / folder}"])


def _tars(root: Place, tars: Sequence[str], names: Sequence[str]) -> Recognised:
    first = look_into(root / tars[0])
    held = ", ".join(f"{count} × .{name}" for name, count in first.extensions.most_common(6))
    notes = [f"{_listed(tars, 'tar')} whose first members are {held}"]
    if has_tables(tars, names):
        notes.append("img2dataset's tables stand beside them: rows that were not fetched are told with their status")
    settings: dict[str, object] = {}
    if first.caption != "txt":
        settings["caption"] = first.caption
        notes.append(f"captions are the field {first.caption}" if first.caption else "no captions were found")
    if first.label is not None:
        settings["label"] = first.label
    return Recognised("webdataset", settings, notes)


def _table(root: Place, tables: Sequence[str], form: str, images: Sequence[str]) -> Recognised:
    first = sample(root / tables[0], form)
    roles = roles_of(first.values)
    columns = ", ".join(list(first.values)[:12])
    notes = [f"{_listed(tables, 'file')} of the columns {columns}"]
    notes += [_rows(first, len(tables)), *_splits(tables), *_no_caption(roles)]
    settings: dict[str, object] = {"caption_column": roles.caption, "image_column": roles.image}
    for option, column in (("label_column", roles.label), ("key_column", roles.key)):
        if column is not None:
            settings[option] = column
    if roles.image is not None and (roles.paths or _without_bytes(first, roles.image)):
        folder = _folder_of_images(root, first, roles.image, images)
        if folder is None:
            settings["image_column"] = None
            notes.append(
                f"the images that {roles.image!r} names were not found, so it is captions alone; "
                f"one of them is {_paths(first, roles.image)[0]!r}"
            )
        else:
            notes.append(f"images lie where {roles.image!r} says, below {folder}")
            if form == "parquet" or folder != root:
                settings["images" if form == "parquet" else "image_folder"] = str(folder)
    if first.undecodable:
        notes.append(f"{first.undecodable:,} of its first rows are not UTF-8 and will be refused: {TO_UTF_8}")
    if not first.header:
        settings["header"] = list(first.values)
        notes.append("its first line is a row, so the columns are called column_1, …: header names them otherwise")
    if form == "text" and first.separator != ",":
        notes.append(f"fields are separated by {'TAB' if first.separator == chr(9) else first.separator!r}")
    kind = {"parquet": "huggingface_parquet", "text": "table", "json": "jsonl"}[form]
    return Recognised(kind, settings, notes, roles.scores)


def _listed(names: Sequence[str], what: str) -> str:
    return f"1 {what}, {names[0]}," if len(names) == 1 else f"{len(names)} {what}s such as {names[0]},"


def _rows(first: Sample, files: int) -> str:
    return f"{first.rows:,} rows" + (" in the first file" if files > 1 else "")


def _no_caption(roles: Roles) -> list[str]:
    return [] if roles.caption else ["no column of captions was found: name it as caption_column"]


def _splits(names: Sequence[str]) -> list[str]:
    seen = Counter(split_of(name) or "of no split" for name in names)
    if set(seen) == {"of no split"}:
        return []
    told = ", ".join(f"{name}: {count}" for name, count in sorted(seen.items()))
    return [f"files by split: {told}" + ("; train is taken" if "train" in seen and len(seen) > 1 else "")]


def _without_bytes(first: Sample, column: str) -> bool:
    values = first.values[column].drop_null().slice(0, LOOKED_AT).to_pylist()
    return bool(values) and all(isinstance(value, dict) and not value.get("bytes") for value in values)


def _paths(first: Sample, column: str) -> list[str]:
    values = first.values[column].drop_null().slice(0, LOOKED_AT).to_pylist()
    return [str(path) for value in values if (path := value.get("path") if isinstance(value, dict) else value)]


def _folder_of_images(root: Place, first: Sample, column: str, images: Sequence[str]) -> Place | None:
    """Where the paths of a column start from: the table's folder, one below it, or where absolute ones lie."""
    paths = _paths(first, column)
    if isinstance(root, Path):
        paths = [below(root, path) or path for path in paths]
    held = set(images)
    if there := [path for path in paths if path.startswith("/") and Path(path).is_file()]:
        folders = {
            str(Path(path).parent) for path in there
        }  # of one, the first of many classes may be all that was seen
        return Path(os.path.commonpath(folders)) if len(folders) > 1 else Path(min(folders)).parent
    if any(path in held for path in paths):
        return root
    ends = ((name, path) for path in paths for name in images if name.endswith(f"/{path}"))
    starts = Counter(name.removesuffix(path).rstrip("/") for name, path in ends)
    return root / starts.most_common(1)[0][0] if starts else None
