"""Images with text files beside them: a pair for every image, or for every line of its text."""

import codecs
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from storage.places.ask import is_file, matching
from storage.places.place import Place
from storage.places.read import read_bytes
from tasks.ingest.pictures.images import SUFFIXES, UNREAD, ImageFolder
from tasks.ingest.pictures.paths import confine, require_folder
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.batches import Batch, make_batches
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group, slices
from tasks.ingest.sources.sidecar.config import SidecarConfig
from tasks.ingest.sources.source import Source, provenance
from tasks.ingest.tables.plan import in_linked_folders
from tasks.ingest.tables.splits import folders_of_split

_LONGEST = 4
"""Bytes of a character, at most: a file of more than that for every character that a caption may have is not read."""


def read_sidecar(config: SidecarConfig, group: Group, root: Place) -> Iterator[Pair | Rejection]:
    """The group's slice of the images, and of the texts without one, in the order of their names.

    The key of a pair is the image's path, with `#0`, `#1`, … after it where lines are captions of their own.
    """
    names = entries(root, config.suffix, config.links_to)
    taken = folders_of_split(names, config.split, config.name)
    images = ImageFolder(root, config)
    for name in taken[group.rows(len(taken)).start : group.rows(len(taken)).stop]:
        if name.lower().endswith(UNREAD):
            yield Rejection(name, "unreadable image", f"{name}: this format is not read; make JPEG or PNG of it")
            continue
        if not name.lower().endswith(SUFFIXES):
            yield Rejection(name, "missing image", f"{name} stands beside no image")
            continue
        texts = _texts(root, name, config)
        if isinstance(texts, Rejection):
            yield texts
            continue
        for number, text in enumerate(texts):
            key = name if config.captions == "file" else f"{name}#{number}"
            yield accept(key, text, config, image=lambda name=name: images.load(name), where=name)  # type: ignore[misc]


def entries(root: Place, suffix: str, links_to: Sequence[str] = ()) -> list[str]:
    """The images below a folder, read or not, and the text files that stand beside none, sorted."""
    found = sorted({*matching(root, "**/*"), *in_linked_folders(root, "**/*", links_to)})
    images = [name for name in found if name.lower().endswith(SUFFIXES + UNREAD)]
    beside = {PurePosixPath(name).with_suffix("").as_posix() for name in images}
    lonely = [name for name in found if name.endswith(suffix) and name.removesuffix(suffix) not in beside]
    return sorted([*images, *lonely])


def _texts(root: Place, image: str, config: SidecarConfig) -> list[str] | Rejection:
    relative = PurePosixPath(image).with_suffix("").as_posix() + config.suffix
    found = confine(root, relative, config.links_to)
    if isinstance(found, tuple) or not is_file(found):
        return Rejection(image, "empty caption", f"no {relative} stands beside it")
    most = _LONGEST * config.max_caption_characters * (1 if config.captions == "file" else 1_000) + 4
    content = read_bytes(found, most + 1)
    if len(content) > most:
        return Rejection(image, "caption too long", f"{relative} has more than {most} bytes")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", "replace" if wide else "surrogateescape")
    if config.captions == "file":
        return [text.strip()]
    return [line for line in (line.strip() for line in text.splitlines()) if line] or [""]


def _plan(config: SidecarConfig) -> tuple[Group, ...]:
    root = _files(config, Group())[0]
    taken = folders_of_split(entries(root, config.suffix, config.links_to), config.split, config.name)
    return slices(len(taken), config.rows_a_run(images=True))


def _files(config: SidecarConfig, group: Group) -> tuple[Place, ...]:
    return (require_folder(config.path, f"folder of the source {config.name!r}"),)


def _batches(config: SidecarConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    return make_batches(read_sidecar(config, group, files[0]), config.name)


SIDECAR = Source[SidecarConfig](plan=_plan, files=_files, batches=_batches, images=lambda config: provenance(True))
