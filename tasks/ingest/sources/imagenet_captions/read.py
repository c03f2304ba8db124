"""ImageNet-Captions (Fang et al. 2022, arXiv 2205.01397): a JSON list of Flickr texts for ImageNet images."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import read_bytes
from storage.places.remember import remembered
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.batches import Batch, make_batches
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group, slices
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.source import NO_IMAGES, Source, first, image_folder
from tasks.ingest.text import is_unicode, is_visible


def read_imagenet_captions(
    config: ImageNetCaptionsConfig, group: Group, files: Sequence[Place]
) -> Iterator[Pair | Rejection]:
    """The group's slice of the list, row by row; the key is the file name, the image `<wnid>/<filename>`.

    The label is the position of the entry's wnid among the file's sorted wnids. Raises `InputError` for a
    file that is not a JSON list. `files` are the list, and the image folder if one is used.
    """
    folder = first(files[1:])
    images = None if folder is None else ImageFolder(folder, config)
    entries = load_list(files[0])
    labels = {wnid: label for label, wnid in enumerate(wnids(entries))}
    wanted = group.rows(len(entries))
    seen: set[str] = set()
    for number, entry in enumerate(entries[: wanted.stop]):
        inside = number >= wanted.start
        where = f"entry {number}"
        filename, wnid, caption = (
            _get(entry, "filename"),
            _get(entry, "wnid"),
            caption_of(entry, config.captions),
        )
        if not (_is_name(filename) and _is_name(wnid)) or caption is None:
            if inside:
                detail = "needs the strings filename and wnid, and texts (tags: a list of strings) for its caption"
                yield Rejection(where, "malformed row", f"{where} {detail}")
            continue
        repeated = filename in seen
        seen.add(filename)
        if not inside:
            continue
        if repeated:
            yield Rejection(filename, "duplicate key", f"{where} repeats the file name of an earlier entry")
            continue
        yield accept(
            filename,
            caption,
            config,
            image=lambda path=f"{wnid}/{filename}": None if images is None else images.load(path),  # type: ignore[misc]
            label=labels[wnid],
            where=where,
        )


def wnids(entries: Sequence[object]) -> list[str]:
    """The distinct wnids of some entries, sorted: position is label."""
    return sorted({wnid: None for entry in entries if _is_name(wnid := _get(entry, "wnid"))})


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


def load_list(path: Place) -> list[object]:
    """The JSON list in a file. `InputError` if it is not UTF-8, not JSON, or not a list."""
    try:
        loaded = json.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"the caption list {path} is not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(f"the caption list {path} is not JSON at line {error.lineno}: {error.msg}") from None
    except ValueError:  # Python's bound of 4,300 digits
        raise InputError(f"the caption list {path} holds a number of thousands of digits: leave it out") from None
    except RecursionError:
        raise InputError(f"the caption list {path} is nested too deeply: it must be a flat JSON list") from None
    if not isinstance(loaded, list):
        raise InputError(
            f"the caption list {path} holds a JSON {type(loaded).__name__}: it must be a list of entries with "
            "filename, wnid, title, description and tags"
        )
    return loaded


def _get(entry: object, field: str) -> object:
    return entry.get(field) if isinstance(entry, Mapping) else None


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and is_unicode(value)


def _plan(config: ImageNetCaptionsConfig) -> tuple[Group, ...]:
    listing, *_ = _files(config, Group())
    entries = remembered("file names", listing, lambda: read_bytes(listing).count(b'"filename"'))
    return slices(entries, config.rows_a_run(images=config.image_folder is not None))


def _files(config: ImageNetCaptionsConfig, group: Group) -> tuple[Place, ...]:
    listing = require_file(config.path, f"file of the source {config.name!r}")
    return (listing, *image_folder(config.image_folder, config.name))


def _provenance(config: ImageNetCaptionsConfig) -> str:
    return "the row's own" if config.image_folder is not None else NO_IMAGES


def _class_names(config: ImageNetCaptionsConfig, files: Sequence[Place]) -> Sequence[str]:
    return wnids(load_list(files[0]))


def _batches(config: ImageNetCaptionsConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    return make_batches(read_imagenet_captions(config, group, files), config.name)


IMAGENET_CAPTIONS = Source(plan=_plan, files=_files, batches=_batches, images=_provenance, class_names=_class_names)
