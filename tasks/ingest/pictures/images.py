"""Images from files or bytes, taken whole and checked before they are trusted."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from storage.places.ask import matching, state
from storage.places.place import Place
from storage.places.read import read_bytes
from storage.tables.references import reference
from tasks.ingest.pictures.paths import confine
from tasks.ingest.pictures.render import Unrenderable, render, size_of
from tasks.ingest.reasons import Reason
from tasks.ingest.rules import FileRules
from tasks.ingest.text import printable

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
"""File names that are taken for images when a whole folder is looked through."""

UNREAD = (".heic", ".heif", ".avif", ".jxl", ".jp2", ".dng", ".cr2", ".nef", ".arw", ".psd", ".svg")
"""File names of pictures in formats that are not read (docs/pictures.md): they are told, not passed over."""


@dataclass(frozen=True)
class Unusable:
    """Why an image was not taken."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class LoadedImage:
    """An image's untouched file content, and its path in the source; or by what the pairs name it, if it is kept."""

    content: bytes
    path: str | None
    reference: str | None = None


def inspect_image(content: bytes, rules: FileRules) -> Unusable | None:
    """None if the bytes are an image that the rules allow, else what is wrong with them.

    The size is read from the header and judged before any pixel is decoded; where `rules.verify` is "decode" the
    picture is rendered then, so that a truncated file is found here and not in the training loop. With "none" the
    bytes are not looked into.
    """
    if not content:
        return Unusable("unreadable image", "the file is empty")
    if len(content) > rules.max_image_bytes:
        return Unusable("image file too large", f"{len(content)} bytes, at most {rules.max_image_bytes}")
    if rules.verify == "none":
        return None
    try:
        width, height = size_of(content, most=rules.max_pixels)
        longer, shorter = max(width, height), min(width, height)
        if longer > rules.max_aspect_ratio * shorter:
            return Unusable(
                "too many pixels",
                f"{width} × {height}: one side is {longer / max(shorter, 1):g} times the other, at most "
                f"{rules.max_aspect_ratio:g}; resized to a shorter side of 224 it would be "
                f"224 × {224 * longer // max(shorter, 1)}",
            )
        if rules.verify == "decode":
            render(content, most=rules.max_pixels)
    except Unrenderable as error:
        return Unusable(error.reason, error.detail)
    return None


class ImageFolder:
    """Reads and checks images below one folder, each at most once while many rows in turn share it."""

    def __init__(self, root: Place, rules: FileRules) -> None:
        self.root = root
        self._rules = rules
        self._loaded = lru_cache(maxsize=64)(self._load)
        self.listing = lru_cache(maxsize=1_024)(self._listing)

    def load(self, relative: str, /) -> LoadedImage | Unusable:
        """The image at `root/relative`; its `path` is `relative`."""
        return self._loaded(relative)

    def _load(self, relative: str) -> LoadedImage | Unusable:
        found = confine(self.root, relative, self._rules.links_to)
        if isinstance(found, tuple):
            return Unusable(*found)
        try:
            size = state(found).size
            if size is not None and size > self._rules.max_image_bytes:  # before reading it
                return Unusable("image file too large", f"{size} bytes, at most {self._rules.max_image_bytes}")
            content = read_bytes(found)
        except FileNotFoundError:
            return Unusable("missing image", relative)
        except OSError as error:
            return Unusable("unreadable image", f"{relative}: {error.strerror}")
        problem = inspect_image(content, self._rules)
        if problem is not None:
            return _located(problem, relative)
        named = reference(str(found), content) if self._rules.image_content == "keep" else None
        # a name that is not Unicode cannot be kept: such a file's bytes are
        return LoadedImage(content, relative, named if named is not None and printable(named) == named else None)

    def _listing(self, folder: str) -> tuple[str, ...]:
        """The image files directly in `root/folder`, sorted, relative to `root`."""
        try:
            found = [name for name in matching(self.root / folder, "*") if Path(name).suffix.lower() in SUFFIXES]
        except (OSError, ValueError):  # a folder's name that no file system takes
            return ()
        return tuple(f"{folder}/{name}" for name in sorted(found))


def _located(problem: Unusable, relative: str) -> Unusable:
    return Unusable(problem.reason, f"{relative}: {problem.detail}")
