"""Which column of a table is the caption, which the image, and so on: by their names, and by what they hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from tasks.ingest.columns.cells import is_bytes, is_list, is_number, is_text
from tasks.ingest.pictures.images import SUFFIXES
from tasks.ingest.tables.columns import is_image, text_field
from tasks.ingest.tables.numbers import scores_of

CAPTIONS = ("caption", "captions", "text", "texts", "title", "sentence", "sentences", "description", "alt_text",
            "alt", "prompt", "txt", "comment", "raw")  # fmt: skip
IMAGES = ("image", "img", "file_name", "filename", "filepath", "file_path", "image_path", "path", "file", "photo",
          "jpg", "png")  # fmt: skip
LABELS = ("label", "labels", "class", "target", "cls", "fine_label", "coarse_label")
KEYS = ("uid",)
_SCORES = ("score", "similarity", "aesthetic", "prob", "punsafe", "pwatermark", "confidence", "quality")


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are taken for; None where none is.

    Attributes:
        paths: whether the images are paths, not bytes.
        scores: columns of numbers that look like scores.
    """

    caption: str | None
    image: str | None
    label: str | None
    key: str | None
    paths: bool = False
    scores: tuple[str, ...] = ()


def roles_of_names(names: Sequence[str]) -> bool:
    """Whether a line is the header of a table of images and captions."""
    held = {name.strip().lower() for name in names}
    return bool(held & set(CAPTIONS)) and bool(held & set(IMAGES))


def roles_of(values: Mapping[str, pa.Array]) -> Roles:
    """The columns' parts, by the first values of each."""
    image = _named(values, IMAGES, _holds_images) or next(
        (name for name in values if _holds_images(values[name])), None
    )
    rest = {name: column for name, column in values.items() if name != image}
    label = _named(rest, LABELS, _holds_labels)
    rest.pop(label or "", None)
    caption = _named(rest, CAPTIONS, _holds_texts) or _longest(rest)
    rest.pop(caption or "", None)
    key = _named(rest, KEYS, lambda column: is_text(column.type) and column.null_count == 0)
    scores = tuple(
        name
        for name, column in rest.items()
        if any(word in name.lower() for word in _SCORES) and _holds_numbers(column)
    )
    return Roles(caption, image, label, key, image is not None and is_text(values[image].type), scores)


def _named(values: Mapping[str, pa.Array], names: Sequence[str], fits: Callable[[pa.Array], bool]) -> str | None:
    for wanted in names:
        for name, column in values.items():
            if name.lower() == wanted and fits(column):
                return name
    return None


def _holds_images(column: pa.Array) -> bool:
    """Images themselves, or paths that end as images do; addresses of the web are none."""
    kind = column.type
    if is_image(kind) or (is_list(kind) and is_image(kind.value_type)):
        return True
    if is_bytes(kind):
        return any(_begins_as_image(value) for value in column.drop_null().slice(0, 3).to_pylist())
    if not is_text(kind):
        return False
    texts = column.drop_null().slice(0, 50).to_pylist()
    ending = [PurePosixPath(text.lower()).suffix in SUFFIXES and "://" not in text for text in texts]
    return bool(texts) and sum(ending) >= 0.5 * len(texts)


def _begins_as_image(content: bytes) -> bool:
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*"))


def _holds_texts(column: pa.Array) -> bool:
    kind = column.type
    if is_list(kind):
        return is_text(kind.value_type) or text_field(kind.value_type) is not None
    return is_text(kind) and column.null_count < max(1, len(column))


def _holds_labels(column: pa.Array) -> bool:
    if is_text(column.type):
        numbers, odd = scores_of(column)
        return not odd.any() and numbers.null_count < len(numbers)
    return pa.types.is_integer(column.type)


def _holds_numbers(column: pa.Array) -> bool:
    if not (is_number(column.type) or is_text(column.type)):
        return False
    numbers, odd = scores_of(column)
    return not odd.any() and numbers.null_count < max(1, len(numbers))


def _longest(values: Mapping[str, pa.Array]) -> str | None:
    """The column of texts with the most words, if they are words at all."""
    best, most = None, 1.2
    for name, column in values.items():
        if is_text(column.type) and column.null_count < len(column):
            texts = column.drop_null()
            words = pc.mean(pc.add(pc.count_substring(texts, " "), 1)).as_py() or 0.0
            if words > most and not pc.any(pc.starts_with(texts, "http")).as_py():
                best, most = name, words
    return best
