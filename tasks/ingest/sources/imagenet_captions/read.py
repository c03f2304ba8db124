"""ImageNet-Captions (Fang et al. 2022, arXiv 2205.01397): a JSON list of Flickr texts for ImageNet images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TypeGuard

from storage.places.ask import State, state
from storage.places.place import Place
from storage.places.read import open_binary
from storage.places.remember import remembered
from storage.tables.ids import row_ids
from tasks.ingest.files.json_list import json_entries
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.batches import Batch, make_batches
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group, slices
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.source import NO_IMAGES, Source, first, image_folder
from tasks.ingest.text import is_unicode, is_visible

WHAT = "the caption list"
ENTRIES_AT_ONCE = 4_096
_NAME = b'"filename"'


def read_imagenet_captions(
    config: ImageNetCaptionsConfig, group: Group, files: Sequence[Place]
) -> Iterator[Pair | Rejection]:
    """The group's slice of the list, row by row; the key is the file name, the image `<wnid>/<filename>`.

    The label is the position of the entry's wnid among the file's sorted wnids. Raises `InputError` for a
    file that is not a JSON list. `files` are the list, and the image folder if one is used.
    """
    from tasks.ingest.columns.known_ids import KnownIds  # with numba, for which every command would wait

    folder = first(files[1:])
    images = None if folder is None else ImageFolder(folder, config)
    found = listed(files[0])
    labels = {wnid: label for label, wnid in enumerate(found.wnids)}
    wanted = group.rows(found.entries)
    seen, number = KnownIds(), 0
    entries = islice(json_entries(files[0], WHAT), wanted.stop)
    while block := list(islice(entries, ENTRIES_AT_ONCE)):
        names = [_named(entry) for entry in block]
        known = iter(seen.add(row_ids("", [name[0] for name in names if name is not None])).tolist())
        for entry, name in zip(block, names, strict=True):
            repeated = name is not None and next(known)
            if number >= wanted.start:
                yield _row(config, f"entry {number}", entry, name, images, labels, repeated=repeated)
            number += 1


@dataclass(frozen=True)
class Listed:
    """What a list holds: how many entries, and their distinct wnids, sorted: position is label."""

    entries: int
    wnids: tuple[str, ...]


def listed(path: Place) -> Listed:
    """Look through the whole list. `InputError` if it is not UTF-8, not JSON, or not a list."""
    return _listed(path, state(path))


@lru_cache(maxsize=4)
def _listed(path: Place, now: State) -> Listed:
    count, wnids = 0, set[str]()
    for entry in json_entries(path, WHAT):
        count += 1
        if _is_name(wnid := _get(entry, "wnid")):
            wnids.add(wnid)
    return Listed(count, tuple(sorted(wnids)))


def _row(
    config: ImageNetCaptionsConfig,
    where: str,
    entry: object,
    name: tuple[str, str] | None,
    images: ImageFolder | None,
    labels: Mapping[str, int],
    *,
    repeated: bool,
) -> Pair | Rejection:
    caption = caption_of(entry, config.captions)
    if name is None or caption is None:
        detail = "needs the strings filename and wnid, and texts (tags: a list of strings) for its caption"
        return Rejection(where, "malformed row", f"{where} {detail}")
    filename, wnid = name
    if repeated:
        return Rejection(filename, "duplicate key", f"{where} repeats the file name of an earlier entry")
    return accept(
        filename,
        caption,
        config,
        image=lambda: None if images is None else images.load(f"{wnid}/{filename}"),
        label=labels[wnid],
        where=where,
    )


def _named(entry: object) -> tuple[str, str] | None:
    """An entry's file name and wnid; None where it lacks either."""
    filename, wnid = _get(entry, "filename"), _get(entry, "wnid")
    return (filename, wnid) if _is_name(filename) and _is_name(wnid) else None


def caption_of(entry: object, fields: tuple[str, ...]) -> str | None:
    """The chosen fields joined by one space; absent, null and blank ones are left out. None if one is not text."""
    parts: list[str] = []
    for field in fields:
        value = _get(entry, field)
        texts = value if isinstance(value, list) else [] if value is None else [value]
        for text in texts:
            if not isinstance(text, str):
                return None
            if is_visible(text):
                parts.append(text)
    return " ".join(parts)


def _get(entry: object, field: str) -> object:
    return entry.get(field) if isinstance(entry, Mapping) else None


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and is_unicode(value)


def _plan(config: ImageNetCaptionsConfig) -> tuple[Group, ...]:
    listing, *_ = _files(config, Group())
    entries = remembered("file names", listing, lambda: _names_in(listing))
    return slices(entries, config.rows_a_run(images=config.image_folder is not None))


def _names_in(path: Place) -> int:
    """About how many entries a list has, by a look at its bytes."""
    count, kept = 0, b""
    with open_binary(path) as file:
        while block := file.read(1 << 20):
            count += (kept + block).count(_NAME)
            kept = block[-len(_NAME) + 1 :]
    return count


def _files(config: ImageNetCaptionsConfig, group: Group) -> tuple[Place, ...]:
    listing = require_file(config.path, f"file of the source {config.name!r}")
    return (listing, *image_folder(config.image_folder, config.name))


def _provenance(config: ImageNetCaptionsConfig) -> str:
    return "the row's own" if config.image_folder is not None else NO_IMAGES


def _class_names(config: ImageNetCaptionsConfig, files: Sequence[Place]) -> Sequence[str]:
    return listed(files[0]).wnids


def _batches(config: ImageNetCaptionsConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    return make_batches(read_imagenet_captions(config, group, files), config.name)


IMAGENET_CAPTIONS = Source(plan=_plan, files=_files, batches=_batches, images=_provenance, class_names=_class_names)
