"""Image bytes to the rendered picture, or the reason why not."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from tasks.ingest.pictures.render import Unrenderable, render


@dataclass(frozen=True)
class Undecodable:
    """Why a row has no embedding."""

    reason: Literal["missing image", "unreadable image", "too many pixels"]
    detail: str


def decode_image(
    content: bytes | None, *, at_least: int | None = None, resized: int | None = None
) -> Image.Image | Undecodable:
    """`render`'s picture of an image file, or why there is none.

    Args:
        content: the file's bytes; None where the row holds none.
        at_least: sides that are enough, in pixels (see `render`).
        resized: the length to which a transform will bring the shorter side.
    """
    if not content:
        return Undecodable("missing image", "the row holds no image bytes")
    try:
        return render(content, at_least=at_least, resized=resized)
    except Unrenderable as error:
        return Undecodable(error.reason, error.detail)
