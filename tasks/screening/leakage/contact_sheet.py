"""Pictures side by side on one sheet: what the numbers call duplicates, for the eye to judge."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from tasks.embedding.pictures.decoding import decode_image


def contact_sheet(rows: Sequence[tuple[str, Sequence[bytes | None]]], *, side: int = 96, across: int = 4) -> bytes:
    """A PNG with one frame for each row: its pictures side by side, and under them its title.

    rows: (title, encoded images); every row has the same number of images. An undecodable image is left grey.
    across: frames side by side. The same bytes for the same input.
    """
    gap, strip = 6, 14
    width = max((len(images) for _, images in rows), default=1) * side + gap
    height = side + strip + gap
    lines = max(1, -(-len(rows) // across))
    sheet = Image.new("RGB", (across * width + gap, lines * height + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (title, images) in enumerate(rows):
        left, top = gap + number % across * width, gap + number // across * height
        for place, content in enumerate(images):
            picture = decode_image(content, at_least=2 * side)
            if not isinstance(picture, Image.Image):
                picture = Image.new("RGB", (side, side), "lightgrey")
            sheet.paste(
                picture.resize(
                    (side, side), Image.Resampling.NEAREST if max(picture.size) < side else Image.Resampling.BICUBIC
                ),
                (left + place * side, top),
            )
        draw.text((left, top + side + 1), title, fill="black")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
