"""From an image file to the picture that models and people see. Every reader of pictures goes through `render`.

The picture is upright (the orientation in its Exif or XMP data is applied; data that cannot be read are passed over),
composed on white where it is transparent, and RGB of 8 bits a channel:

- grey of 16 bits is scaled, not clipped; 32-bit and floating-point values, which have no agreed range, are stretched
  from the least to the greatest;
- CMYK is taken with Adobe's polarity in JPEG, as browsers take it; colour profiles are not applied;
- of an animation, and of a file of several pictures (MPO, TIFF), the first is taken.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""The only decoders tried: others (EPS, for one) start foreign programs or are rarely exercised. MPO opens as JPEG."""

MAX_PIXELS = 178_956_970
"""Larger pictures are not decoded (Pillow's own bound against decompression bombs, made an error)."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each Exif orientation upright."""


class Unrenderable(ValueError):  # noqa: N818  a state of the bytes, as its siblings `Unusable` and `Undecodable`
    """Why bytes are not rendered: `reason`, one of two, and a `detail` in the same words in every run."""

    def __init__(self, reason: Literal["unreadable image", "too many pixels"], detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Literal["unreadable image", "too many pixels"] = reason
        self.detail = detail


def render(
    content: bytes, *, at_least: int | None = None, resized: int | None = None, most: int = MAX_PIXELS
) -> Image.Image:
    """The picture in an image file, upright, on white, RGB (see above).

    Args:
        content: the file's bytes, in one of `FORMATS`.
        at_least: sides that are enough, in pixels; a JPEG is then decoded at a half, a quarter or an eighth of its
            size, as long as both sides keep that length. None: its own size.
        resized: the length to which a transform will bring the shorter side; the pixels of that count too.
        most: pixels.

    Raises:
        Unrenderable: the bytes are no whole picture of a known kind, or the picture is too large. Nothing else is
            raised, whatever the bytes are.
    """
    with _opened(content) as picture:
        require_few_pixels(*picture.size, resized=resized, most=most)
        depth = _depth(picture)
        if at_least is not None:
            picture.draft(None, (at_least, at_least))
        picture.load()
        return _on_white(_upright(picture), depth)


def size_of(content: bytes, *, most: int = MAX_PIXELS) -> tuple[int, int]:
    """Width and height as the file's header has them, before it is turned. Raises `Unrenderable` as `render` does."""
    with _opened(content) as picture:
        require_few_pixels(*picture.size, resized=None, most=most)
        return picture.size


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """The picture with nothing decoded yet; whatever a decoder raises becomes `Unrenderable`."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            yield picture
    except Unrenderable:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise Unrenderable("too many pixels", sentence(error)) from None
    except Exception as error:  # decoders raise nearly anything on hostile bytes; the other rows must go on
        raise Unrenderable("unreadable image", sentence(error)) from None


def require_few_pixels(width: int, height: int, *, resized: int | None, most: int) -> None:
    """Raise `Unrenderable` for a picture with more than `most` pixels, as it is or once its shorter side is resized."""
    if width * height > most:
        raise Unrenderable("too many pixels", f"{width} × {height}, at most {most} pixels")
    if resized is None or not width or not height:
        return
    longer = -(-resized * max(width, height) // min(width, height))
    if resized * longer > most:
        raise Unrenderable(
            "too many pixels",
            f"{width} × {height} becomes {resized} × {longer} where its shorter side is resized to {resized}, "
            f"at most {most} pixels",
        )


def sentence(error: BaseException) -> str:
    """A decoder's error in one line that is the same in every run (no memory addresses)."""
    text = "not an image of a known kind" if type(error).__name__ == "UnidentifiedImageError" else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}"[:200]


def _depth(opened: Image.Image) -> int | None:
    """Bits of a grey value where they are not 8 or 16 but the decoder's own pixels do not say so (1, 2, 4, 12)."""
    tiles = getattr(opened, "tile", None)
    arguments = tiles[0][3] if tiles else None
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    if raw == "1":
        return 1
    found = re.fullmatch(r"[LI];(\d+)[BILRS]*", raw) if isinstance(raw, str) else None
    return int(found[1]) if found and found[1] in ("2", "4", "12") else None


def _upright(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # what cannot be read says nothing about the picture, which is sound
        return picture
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    turned.info = picture.info
    return turned


def _on_white(picture: Image.Image, depth: int | None) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _eight_bits(picture, depth)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    key = picture.info.get("transparency")
    if depth is not None and isinstance(key, int) and picture.mode in ("1", "L"):  # the file's value; pixels are scaled
        picture.info = picture.info | {"transparency": key * 255 // (2**depth - 1)}
    elif isinstance(key, tuple) and max(key) > 255:  # 16 bits a channel, of which the upper 8 were kept
        picture.info = picture.info | {"transparency": tuple(value >> 8 for value in key)}
    if picture.mode == "1":
        picture, info = picture.convert("L"), picture.info
        picture.info = info
    whole = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")


def _eight_bits(picture: Image.Image, depth: int | None) -> Image.Image:
    """Grey of 16 or 32 bits, or floating-point, as L, or as LA where one value is transparent."""
    values = np.asarray(picture)
    if picture.mode.startswith("I;16"):
        grey = values.astype(np.uint64) * 255
        highest = 2 ** (depth or 16) - 1
        scaled = np.minimum((grey + highest // 2) // highest, 255).astype(np.uint8)
    else:
        scaled = _stretched(values.astype(np.float64))
    key = picture.info.get("transparency")
    if not isinstance(key, int):
        return Image.fromarray(scaled)
    alpha = np.where(values == key, 0, 255).astype(np.uint8)
    return Image.merge("LA", (Image.fromarray(scaled), Image.fromarray(alpha)))


def _stretched(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    finite = np.isfinite(values)
    low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
    span = high - low if high > low else 1.0
    return np.rint(255 * (np.where(finite, values, low) - low) / span).astype(np.uint8)
