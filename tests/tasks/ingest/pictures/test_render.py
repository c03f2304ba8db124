"""One rendering for everybody: upright, on white, RGB; each mode against values worked out by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tasks.arrays import Pixels
from tasks.ingest.pictures.render import Unrenderable, render, size_of
from tests.paths import CASES
from tests.pictures import noise

WHITE, BLACK = [255, 255, 255], [0, 0, 0]


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def rendered(content: bytes, **options: int) -> Pixels:
    picture = render(content, **options)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def stamp(mode: str = "RGBA") -> Image.Image:
    """A black square on nothing, whose hidden colour is black too."""
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (8, 8, 24, 24))
    return picture.convert("P").convert(mode) if mode == "PA" else picture.convert(mode)


def grey_png(rows: np.ndarray, bits: int, key: int | None = None, colour: int = 0) -> bytes:
    """A PNG written by hand: grey of `bits` a pixel, or RGB of 16, with one transparent value."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = rows.shape[:2]
    lines = b""
    for row in rows.reshape(height, -1):
        packed = "".join(format(int(value), f"0{bits}b") for value in row)
        lines += b"\0" + int(packed, 2).to_bytes(len(packed) // 8, "big")
    transparent = b"" if key is None else chunk(b"tRNS", struct.pack(">H", key) * (3 if colour else 1))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    data = transparent + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + data


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("RGBA", "GIF"), ("RGBA", "TIFF"), ("PA", "TIFF")],
)
def test_transparency_is_white(mode: str, kind: str) -> None:
    """Black drawings on transparency were black all over."""
    pixels = rendered(saved(stamp(mode), kind))
    assert pixels[0, 0].tolist() == WHITE and pixels[16, 16].tolist() == BLACK
    assert pixels.mean() == pytest.approx(255 * 3 / 4, abs=0.5)


@pytest.mark.parametrize("name", ["gif", "png", "webp"])
def test_the_cases_of_transparency(name: str) -> None:
    assert rendered((CASES / f"black_on_transparency.{name}").read_bytes())[0, 0].tolist() == WHITE


def test_half_transparent_colours_are_mixed_with_white() -> None:
    assert rendered(saved(Image.new("RGBA", (4, 4), (255, 0, 0, 127))))[0, 0].tolist() == [255, 128, 128]


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_a_transparent_grey_is_found_at_every_depth(bits: int) -> None:
    top = 2**bits - 1
    rows = np.zeros((8, 8), np.int64)
    rows[:, :4] = top // 2 if bits > 1 else 1
    hidden = rendered(grey_png(rows, bits, key=int(rows[0, 0])))
    assert hidden[0, 0].tolist() == WHITE and hidden[0, 7].tolist() == BLACK
    other = rendered(grey_png(rows, bits, key=0))
    assert other[0, 7].tolist() == WHITE
    assert other[0, 0, 0] == pytest.approx(255 * rows[0, 0] / top, abs=1)


def test_a_transparent_colour_of_16_bits_is_found() -> None:
    rows = np.zeros((2, 2, 3), np.int64)
    rows[0] = 40_000
    pixels = rendered(grey_png(rows, 16, key=40_000, colour=2))
    assert pixels[0, 0].tolist() == WHITE and pixels[1, 0].tolist() == BLACK


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_is_scaled_and_not_clipped(kind: str) -> None:
    values = np.arange(0, 65_536, 16, dtype=np.uint16).reshape(64, 64)
    pixels = rendered(saved(Image.fromarray(values), kind))
    assert np.array_equal(pixels[..., 0], np.floor(values / 257 + 0.5).astype(np.uint8))
    assert (pixels == pixels[..., :1]).all()


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_values_without_a_range_are_stretched(kind: type) -> None:
    values = np.linspace(-7, 100_000, 64).reshape(8, 8).astype(kind)
    pixels = rendered(saved(Image.fromarray(values), "TIFF"))[..., 0]
    assert (pixels.min(), pixels.max()) == (0, 255) and (np.diff(pixels.ravel().astype(int)) >= 3).all()
    holes = np.full((4, 4), np.nan, np.float32)
    assert rendered(saved(Image.fromarray(holes), "TIFF")).max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(kind: str) -> None:
    """In JPEG the values are inverted, as Adobe's are: a picture read without that is its own negative."""
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert rendered(saved(red, kind))[8, 8].tolist() == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "YCbCr"])
def test_opaque_pictures_are_those_of_pillow(mode: str) -> None:
    content = saved(noise(20, 12, 90).convert("RGB").convert(mode), "TIFF")
    assert np.array_equal(rendered(content), np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_several_pictures_the_first_is_taken(kind: str) -> None:
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    content = saved(first, kind, save_all=True, append_images=[second])
    assert rendered(content)[8, 8].tolist() == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_are_turned_upright(kind: str, orientation: int) -> None:
    """Photographs were taken as they lie in the file; Pillow's own transposition is the other witness."""
    picture = Image.new("RGB", (24, 16), "white")
    picture.paste("black", (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(picture, kind, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    assert np.array_equal(rendered(content), np.asarray(upright))
    assert render(content).size == ((24, 16) if orientation < 5 else (16, 24))


def test_a_camera_file_and_its_upright_copy_are_one_picture() -> None:
    """Known to be light in one half when upright: the file holds it on its side."""
    content = (CASES / "light_half_orientation6.jpg").read_bytes()
    stored = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert np.array_equal(rendered(content), np.rot90(stored, -1))


@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
    + [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02"]
    + [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12" + rest for rest in (
        b"\0\x03\0\0\0\x01\0\x09\0\0\0\0\0\0", b"\0\x02\0\0\0\x04six\0\0\0\0\0"
    )],
)  # fmt: skip
def test_broken_exif_turns_nothing_and_fails_nothing(exif: bytes) -> None:
    picture = Image.new("RGB", (24, 16), "white")
    for kind in ("JPEG", "WEBP", "PNG"):
        assert render(saved(picture, kind, exif=exif)).size == (24, 16)


def test_a_thumbnail_is_decoded_small_and_no_smaller_than_asked() -> None:
    picture = Image.radial_gradient("L").resize((640, 400)).convert("RGB")
    content = saved(picture, "JPEG", quality=95)
    small = render(content, at_least=100)
    assert small.size == (160, 100)
    assert np.abs(np.asarray(small, float) - np.asarray(picture.resize((160, 100), Image.Resampling.BOX))).max() < 12
    assert render(content, at_least=401).size == (640, 400)
    assert render(saved(picture), at_least=10).size == (640, 400)
    for mode in ("L", "CMYK"):
        assert render(saved(picture.convert(mode), "JPEG"), at_least=100).size == (160, 100)


def test_a_strip_is_judged_by_what_a_transform_makes_of_it() -> None:
    """124 bytes took 2 GB at side 224."""
    strip = (CASES / "strip_1x10000.png").read_bytes()
    assert render(strip).size == render(strip, resized=32).size == (1, 10_000)
    with pytest.raises(Unrenderable, match="1 × 10000 becomes 224 × 2240000") as refused:
        render(strip, resized=224)
    assert refused.value.reason == "too many pixels"
    with pytest.raises(Unrenderable, match="60000 × 1 becomes"):
        render(saved(Image.new("1", (60_000, 1))), resized=224)


def test_sizes_come_from_the_header() -> None:
    content = saved(noise(64, 48, 50), "JPEG")
    assert size_of(content[: len(content) // 2]) == (64, 48)
    with pytest.raises(Unrenderable, match="64 × 48, at most 3071 pixels"):
        size_of(content, most=64 * 48 - 1)
    with pytest.raises(Unrenderable, match="unreadable image"):
        render(content[: len(content) // 2])


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]),
    position=st.integers(0, 10_000),
    value=st.integers(0, 255),
    cut=st.integers(0, 10_000),
)
def test_damage_gives_a_picture_or_one_kind_of_error(kind: str, position: int, value: int, cut: int) -> None:
    content = bytearray(saved(Image.linear_gradient("L").resize((16, 16)).convert("RGB"), kind))
    content[position % len(content)] = value
    try:
        assert render(bytes(content[: cut % (len(content) + 1)]), most=10**6).mode == "RGB"
    except Unrenderable as error:
        assert error.reason in ("unreadable image", "too many pixels") and "0x" not in error.detail
