"""Pictures of single pairs for the page: drawn anew as thumbnails, with the caption that stands under them."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from PIL import Image

from storage.tables.references import content_of
from storage.tables.shards import open_shard
from tasks.ingest.pictures.render import Unrenderable, render

MOST_PIXELS = 64_000_000
SMALL = 64  # pictures up to this side are shown pixel by pixel


@dataclass(frozen=True)
class Picture:
    """One pair to look at.

    Attributes:
        identity: its id.
        key: its source's own name for it.
        caption: as found.
        image: a data URI, None where the picture cannot be shown.
        pixelated: whether the picture is so small that it is shown pixel by pixel.
    """

    identity: int
    key: str
    caption: str
    image: str | None
    pixelated: bool


def pictures(paths: Sequence[Path], ids: Sequence[int], side: int) -> dict[int, Picture]:
    """The pairs with these ids, from shards of pairs; ids that no shard holds are left out."""
    found = fetch_rows(paths, ids, ["key", "caption", "image"])
    shown = {}
    for identity, row in found.items():
        image = row["image"]
        content = content_of(image) if isinstance(image, dict) else None
        uri, tiny = thumbnail(content if isinstance(content, bytes) else None, side)
        shown[identity] = Picture(identity, str(row["key"]), str(row["caption"]), uri, tiny)
    return shown


def fetch_rows(paths: Sequence[Path], ids: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, object]]:
    """The rows with these ids; only row groups that hold one are read beyond their id column."""
    wanted = pa.array(sorted(set(ids)), pa.uint64())
    rows: dict[int, dict[str, object]] = {}
    for path in paths:
        with open_shard(path) as file:
            for group in range(file.num_row_groups):
                found = pa.compute.is_in(file.read_row_group(group, columns=["id"])["id"], value_set=wanted)
                if pa.compute.any(found).as_py():
                    table = file.read_row_group(group, columns=["id", *columns]).filter(found)
                    rows |= {row["id"]: row for row in table.to_pylist()}
    return rows


def thumbnail(content: bytes | None, side: int) -> tuple[str | None, bool]:
    """A data URI of the picture, drawn anew (nothing of the source's bytes is passed on), and whether it is tiny.

    Small pictures become PNG at their own size, larger ones JPEG at most `2 · side` pixels wide and high, for fine
    screens.
    """
    if not content:
        return None, False
    try:
        picture = render(content, at_least=max(2 * side, SMALL + 1), most=MOST_PIXELS)
    except Unrenderable:  # the report does without the picture
        return None, False
    tiny = max(picture.size) <= SMALL
    stream = io.BytesIO()
    if tiny:
        picture.save(stream, "PNG", optimize=True)
    else:
        picture.thumbnail((2 * side, 2 * side), Image.Resampling.LANCZOS)
        picture.save(stream, "JPEG", quality=82)
    kind = "png" if tiny else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}", tiny
