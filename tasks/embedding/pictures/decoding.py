"""Image bytes to pixels, or the reason why not."""

import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from tasks.ingest.pictures.images import FORMATS

MAX_PIXELS = 178_956_970
"""Larger pictures are not decoded (Pillow's own bound against decompression bombs, made an error)."""


@dataclass(frozen=True)
class Undecodable:
    """Why a row has no embedding."""

    reason: Literal["missing image", "unreadable image", "too many pixels"]
    detail: str


def decode_image(content: bytes | None) -> Image.Image | Undecodable:
    """An RGB picture, wholly decoded, from the bytes of an image file in one of ingest's formats.

    Transparent and palette images are converted by Pillow; only the first frame of an animation is used.
    """
    if not content:
        return Undecodable("missing image", "the row holds no image bytes")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                return Undecodable("too many pixels", f"{width} × {height}")
            return opened.convert("RGB")
    except Image.DecompressionBombError as error:
        return Undecodable("too many pixels", _one_line(error))
    except Exception as error:  # decoders raise nearly anything on hostile bytes; the other rows must go on
        return Undecodable("unreadable image", _one_line(error))


def _one_line(error: BaseException) -> str:
    """The same words in every run: no memory addresses."""
    known = type(error).__name__ != "UnidentifiedImageError"
    text = " ".join(str(error).split()) if known else "not an image of a known kind"
    return f"{type(error).__name__}: {text}"[:200]
