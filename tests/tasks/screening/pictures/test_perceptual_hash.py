"""Hashes of pictures: near for copies, far for others, none where nothing is to be seen."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageEnhance

from tasks.ingest.pictures.render import render
from tasks.screening.pictures.perceptual_hash import BYTES, HASHES, hash_words, perceptual_hash, picture_hashes
from tests.paths import CASES
from tests.tasks.embedding.conftest import png, write_pairs
from tests.tasks.screening.conftest import encoded, scene


def differing(first: bytes | None, second: bytes | None) -> int:
    assert first is not None and second is not None and len(first) == len(second) == BYTES
    return (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()


COPIES = {
    "compressed": lambda p: render(encoded(p, "JPEG", quality=50)),
    "half the size": lambda p: p.resize((64, 64), Image.Resampling.BICUBIC),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.15),
    "grey": lambda p: p.convert("L").convert("RGB"),
    "another shape": lambda p: p.resize((160, 128), Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("how", COPIES)
def test_copies_are_near(how: str) -> None:
    far = [differing(perceptual_hash(scene(k)), perceptual_hash(COPIES[how](scene(k)))) for k in range(8)]
    assert max(far) <= 24


def test_other_pictures_and_mirror_images_are_far() -> None:
    hashes = [perceptual_hash(scene(k)) for k in range(12)]
    hashes += [perceptual_hash(scene(0).transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
    assert min(differing(a, b) for k, a in enumerate(hashes) for b in hashes[:k]) > 80


def test_plain_pictures_have_none() -> None:
    for colour in ("white", "black", (17, 90, 3)):
        assert perceptual_hash(Image.new("RGB", (40, 30), colour)) is None
    faint = np.random.default_rng(0).integers(126, 130, (64, 64, 3), dtype=np.uint8)
    assert perceptual_hash(Image.fromarray(faint)) is None


@pytest.mark.parametrize("workers", [1, 3])
def test_every_row_of_a_shard_has_its_hash_or_none(tmp_path: Path, workers: int) -> None:
    broken = png(1)[:70]
    images = [encoded(scene(0), "PNG"), None, broken, encoded(scene(0), "JPEG", quality=90), io.BytesIO().getvalue()]
    images.append((CASES / "black_on_transparency.png").read_bytes())
    path = write_pairs(tmp_path, images).path / "pairs-00000.parquet"
    done: list[int] = []
    table = picture_hashes(path, workers=workers, advance=done.append)
    assert table.schema.equals(HASHES) and table.num_rows == sum(done) == 6
    found = table["hash"].to_pylist()
    assert [value is None for value in found] == [False, True, True, False, True, False]
    assert found[0] == perceptual_hash(scene(0)) and differing(found[0], found[3]) <= 8


@pytest.mark.parametrize("start", [0, 2])
def test_hashes_as_numbers(start: int) -> None:
    hashes = [bytes([row]) * BYTES for row in range(4)]
    column = pa.array(hashes, HASHES.field("hash").type).slice(start)
    assert [row.tobytes() for row in hash_words(column)] == hashes[start:]
    assert hash_words(column.slice(0, 0)).shape == (0, 4)
