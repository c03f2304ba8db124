"""Pictures of single pairs for the page: drawn anew as thumbnails, with the caption that stands under them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.reporting.sections.examples import fetch_rows, thumbnail


@dataclass(frozen=True)
class Picture:
    """One pair to look at; `image` is a data URI, None where the picture cannot be shown."""

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
        content = image.get("bytes") if isinstance(image, dict) else None
        uri, tiny = thumbnail(content if isinstance(content, bytes) else None, side)
        shown[identity] = Picture(identity, str(row["key"]), str(row["caption"]), uri, tiny)
    return shown
