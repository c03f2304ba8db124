"""Images are judged before they are trusted."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.pictures.images import ImageFolder, LoadedImage, Unusable, inspect_image
from tasks.ingest.rules import FileRules
from tests.pictures import noise
from tests.tasks.ingest.conftest import image_bytes


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 10)) + chunk(b"IEND", b"")
    )


def reason(content: bytes, **rules: object) -> str | None:
    problem = inspect_image(content, FileRules(**rules))  # type: ignore[arg-type]
    return problem.reason if problem else None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_usual_kinds_pass(kind: str) -> None:
    assert reason(image_bytes(kind=kind)) is None


@pytest.mark.parametrize("content", [b"", b"no image", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"GIF89a"])
def test_what_is_no_image_is_unreadable(content: bytes) -> None:
    assert reason(content) == "unreadable image"


def test_a_truncated_jpeg_is_found_by_decoding_only() -> None:
    buffer = io.BytesIO()
    noise(64, 64, 80).save(buffer, format="JPEG")
    half = buffer.getvalue()[: len(buffer.getvalue()) // 2]
    assert reason(half) == "unreadable image"
    assert reason(half, verify="header") is None


@pytest.mark.parametrize("side", [8_000, 30_000, 2**30])
def test_a_decompression_bomb_is_refused_from_its_header(side: int) -> None:
    assert reason(png_header(side, side)) == "too many pixels"
    assert reason(png_header(side, side), verify="header") == "too many pixels"


def test_without_verification_bytes_are_taken_as_they_are() -> None:
    assert reason(b"no image", verify="none") is None
    assert reason(b"", verify="none") == "unreadable image"
    assert reason(b"123", verify="none", max_image_bytes=2) == "image file too large"


@pytest.mark.parametrize(("old", "new"), [(True, "decode"), (False, "header")])
def test_the_former_name_of_verify_is_understood(old: bool, new: str) -> None:
    assert FileRules.model_validate({"verify_images": old}).verify == new
    for wrong in ({"verify_images": "yes"}, {"verify_images": old, "verify": new}):
        with pytest.raises(ValueError, match="verify_images is now `verify"):
            FileRules.model_validate(wrong)


@pytest.mark.parametrize("size", [(1, 10_000), (60_000, 1), (1, 101), (303, 3 - 1)])
@pytest.mark.parametrize("verify", ["header", "decode"])
def test_a_strip_is_refused_though_its_area_is_small(size: tuple[int, int], verify: str) -> None:
    """Resized to a side of 224 the case's strip of 124 bytes took 2 GB a worker."""
    found = inspect_image(image_bytes(size=size), FileRules(verify=verify))  # type: ignore[arg-type]
    assert found is not None and found.reason == "too many pixels"
    assert f"{size[0]} × {size[1]}: one side is" in found.detail and "it would be 224 × " in found.detail
    assert reason(image_bytes(size=size), verify=verify, max_aspect_ratio=10_000) == (
        "too many pixels" if max(size) > 10_000 else None
    )
    assert reason(image_bytes(size=(1, 100)), verify=verify) is None


def test_limits_are_inclusive() -> None:
    content = image_bytes(size=(8, 6))
    assert reason(content, max_pixels=48, max_image_bytes=len(content)) is None
    assert reason(content, max_pixels=47) == "too many pixels"
    assert reason(content, max_image_bytes=len(content) - 1) == "image file too large"


@settings(max_examples=150, deadline=None)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 10_000))
def test_no_damage_raises(position: int, value: int, cut: int) -> None:
    content = bytearray(image_bytes(kind="PNG"))
    content[position % len(content)] = value
    reason(bytes(content[: cut % (len(content) + 1)]))


def test_a_folder_gives_untouched_bytes_and_reads_each_image_once(tmp_path: Path) -> None:
    content = image_bytes()
    (tmp_path / "a.jpg").write_bytes(content)
    folder = ImageFolder(tmp_path, FileRules())
    assert folder.load("a.jpg") == LoadedImage(content, "a.jpg")
    (tmp_path / "a.jpg").unlink()
    assert folder.load("a.jpg") == LoadedImage(content, "a.jpg")


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x" * 101)
    found = ImageFolder(tmp_path, FileRules(max_image_bytes=100)).load("a.jpg")
    assert isinstance(found, Unusable)
    assert (found.reason, found.detail) == ("image file too large", "101 bytes, at most 100")
