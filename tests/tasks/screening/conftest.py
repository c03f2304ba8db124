"""Pictures with shapes of all sizes, copies of them, and files that hold some."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageEnhance

from tasks.embedding.pictures.pixels import thumbnail
from tasks.screening.pictures.alignment import SIDE


def scene(seed: int, side: int = 128) -> Image.Image:
    """A picture with shapes of all sizes: octaves of noise."""
    rng = np.random.default_rng(seed)
    noise = [Image.fromarray(rng.integers(0, 256, (n, n, 3), np.uint8)) for n in (3, 6, 12, 24)]
    layers = [np.asarray(layer.resize((side, side), Image.Resampling.BICUBIC)) for layer in noise]
    return Image.fromarray(np.mean(layers, axis=0).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


COPIES = {
    "shifted and cropped": lambda p: p.crop((10, 4, 122, 116)),
    "zoomed": lambda p: p.crop((8, 8, 120, 120)),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "brighter, less contrast": lambda p: ImageEnhance.Contrast(ImageEnhance.Brightness(p).enhance(1.2)).enhance(0.6),
    "compressed": lambda p: Image.open(io.BytesIO(encoded(p, "JPEG", quality=40))),
}


def thumbnails(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([thumbnail(picture, SIDE) for picture in pictures])


def table(path: Path, pictures: list[bytes | None], labels: list[int]) -> Path:
    images = [None if content is None else {"bytes": content, "path": f"{i}.png"} for i, content in enumerate(pictures)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"image": pa.array(images, kind), "label": labels}), path, row_group_size=4)
    return path
