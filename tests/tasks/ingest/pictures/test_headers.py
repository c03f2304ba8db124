"""Sizes read from headers are Pillow's, and what is vouched for Pillow opens."""

import io

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.ingest.pictures.headers import plain_sizes
from tasks.ingest.pictures.images import inspect_image
from tasks.ingest.rules import FileRules

HEADER = FileRules(verify="header")
LARGE = HEADER.model_copy(update={"max_pixels": 10**9, "max_aspect_ratio": 10**9})


def encoded(kind: str, mode: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (17, 9)).save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


USUAL = [
    *(encoded("JPEG", mode, **options) for mode in ("RGB", "L", "CMYK") for options in ({}, {"progressive": True})),
    encoded("JPEG", "RGB", comment=b"made by hand", dpi=(72, 72), optimize=True, subsampling=0),
    *(encoded("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "I;16", "1")),
]
OTHERS = [
    encoded("JPEG", "RGB", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    encoded("JPEG", "RGB", icc_profile=b"profile"),
    encoded("PNG", "RGB", dpi=(72, 72)),
    *(encoded(kind, "RGB") for kind in ("WEBP", "GIF", "BMP", "TIFF")),
    b"",
    b"\xff\xd8\xff",
]


def sizes(*contents: bytes) -> list[list[int]]:
    found: list[list[int]] = plain_sizes(pa.array(contents, pa.large_binary())).tolist()
    return found


def test_what_the_usual_encoders_write_is_known() -> None:
    assert sizes(*USUAL) == [[17, 9]] * len(USUAL)


def test_other_headers_are_left_to_a_decoder() -> None:
    assert sizes(*OTHERS) == [[0, 0]] * len(OTHERS)


@pytest.mark.parametrize("content", USUAL[:1] + USUAL[3:4] + USUAL[-6:])
def test_no_damaged_byte_of_a_header_is_vouched_for_where_pillow_refuses(content: bytes) -> None:
    damaged = [
        content[:at] + bytes([value]) + content[at + 1 :]
        for at in range(min(len(content), 700))
        for value in {0, 1, 8, 0x7F, 0xFF, content[at] ^ 1, content[at] ^ 0x20}
    ]
    damaged += [content[:stop] for stop in range(len(content))]
    agree(damaged)


@settings(deadline=None, max_examples=200)
@given(
    content=st.sampled_from(USUAL),
    edits=st.lists(st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=3)), max_size=4),
    cut=st.integers(0, 900),
)
def test_nor_any_damage(content: bytes, edits: list[tuple[int, bytes]], cut: int) -> None:
    damaged = bytearray(content)
    for at, value in edits:
        damaged[at : at + len(value)] = value
    agree([bytes(damaged), bytes(damaged)[:cut]])


def agree(contents: list[bytes]) -> None:
    for content, size in zip(contents, sizes(*contents), strict=True):
        if size != [0, 0]:
            assert inspect_image(content, LARGE) is None or size[0] * size[1] > 170_000_000
            if size[0] * size[1] < 80_000_000:
                with Image.open(io.BytesIO(content)) as image:
                    assert list(image.size) == size
