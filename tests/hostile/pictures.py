"""Pictures that are bombs, strips, cut short, of rare forms, or no pictures at all: each beside a sound one."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.hostile.case import Case, Content, source
from tests.hostile.tars import BOTH, END, OK, SOUND, member
from tests.tasks.ingest.conftest import image_bytes

JPEG, PNG, GIF, WEBP, TIFF, BMP = (
    image_bytes("red", kind=kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
)


def saved(mode: str, kind: str, size: tuple[int, int] = (8, 6), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


def frames(kind: str, count: int = 3) -> bytes:
    first, *others = (Image.new("RGB", (8, 6), (shade, 0, 0)) for shade in range(0, 40 * count, 40))
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=others)
    return buffer.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, pixels: bytes = b"", before: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")


def jpeg_sized(width: int, height: int) -> bytes:
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


def case(name: str, content: Content, reason: str | None = None, extension: str = "jpg", **options: object) -> Case:
    def tar() -> bytes:
        made = content() if isinstance(content, Callable) else content
        return OK + member(f"x.{extension}", made) + member("x.txt", b"it") + END

    taken, rejected = (BOTH, ()) if reason is None else (SOUND, (reason,))
    return Case("Pictures", name, source(WebdatasetConfig, {"0.tar": tar}, **options), taken, rejected)


NO, MANY = "unreadable image", "too many pixels"

CASES = (
    case("no bytes", b"", NO),
    case("a text called .jpg", b"hello", NO),
    case("a web page called .jpg", b"<!DOCTYPE html><title>404</title>", NO),
    case("SVG called .jpg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', NO),
    case(
        "EPS called .jpg, which would start Ghostscript",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 6\nshowpage\n",
        NO,
    ),
    case("PDF called .jpg", b"%PDF-1.7\n1 0 obj<</S/JavaScript>>endobj\n", NO),
    case("a shell script called .jpg", b"#!/bin/sh\ntouch pwned\n", NO),
    case("ICO called .jpg", lambda: saved("RGB", "ICO"), NO),
    case("PPM called .jpg", b"P6 8 6 255\n" + bytes(144), NO),
    case("XBM called .jpg", b"#define x_width 8\n#define x_height 1\nstatic char x_bits[] = {0x00};\n", NO),
    case("PNG called .jpg", PNG),
    case("cut in the middle: JPEG", JPEG[: len(JPEG) * 3 // 4], NO),
    case("cut in the middle: PNG", PNG[: len(PNG) // 2], NO),
    case("cut in the middle: WebP", WEBP[: len(WEBP) // 2], NO),
    case("cut in the middle: GIF", GIF[:-6], NO),
    case("cut in the middle: TIFF", TIFF[: len(TIFF) // 2], NO),
    case("cut in the middle: BMP", BMP[: len(BMP) // 2], NO),
    case("a header alone: JPEG", b"\xff\xd8\xff\xe0", NO),
    case("a header alone: GIF", b"GIF89a", NO),
    case("a wrong checksum: PNG", PNG[:29] + b"????" + PNG[33:], NO),
    case("without its end mark, all pixels there: PNG", PNG[:-12]),
    case("no pixels: PNG of 0 × 0", png(0, 0), NO),
    case("a bomb: PNG of 30,000 × 30,000 in 100 bytes", png(30_000, 30_000), MANY),
    case("a bomb: PNG of 2^31 − 1 a side", png(2**31 - 1, 2**31 - 1), MANY),
    case("a bomb: PNG of 7,500 × 7,500 zeros", lambda: png(7_500, 7_500, depth=1, pixels=bytes(938 * 7_500)), MANY),
    case("a bomb: JPEG of 65,535 × 65,535", jpeg_sized(65_535, 65_535), MANY),
    case("a bomb: GIF with a screen of 65,535 × 65,535", GIF[:6] + b"\xff" * 4 + GIF[10:], MANY),
    case("a bomb: BMP of 50,000 × 50,000", BMP[:18] + struct.pack("<ii", 50_000, 50_000) + BMP[26:], MANY),
    case("a strip of 60,000 × 1", lambda: saved("L", "PNG", (60_000, 1)), MANY),
    case("a strip of 1 × 60,000", lambda: saved("L", "PNG", (1, 60_000)), MANY),
    case("a strip of 808 × 8, just too long", lambda: saved("L", "PNG", (808, 8)), MANY),
    case("a strip of 800 × 8, just not", lambda: saved("L", "PNG", (800, 8))),
    case("one pixel", lambda: saved("RGB", "PNG", (1, 1))),
    case(
        "a text chunk that unpacks to 64 MB",
        lambda: png(8, 6, pixels=bytes(54), before=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(64 << 20), 1))),
        NO,
    ),
    case(
        "a colour profile that unpacks to 64 MB",
        lambda: png(8, 6, pixels=bytes(54), before=chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(64 << 20), 1))),
        NO,
    ),
    case("an animation: GIF", frames("GIF"), extension="gif"),
    case("an animation: PNG", frames("PNG"), extension="png"),
    case("an animation: WebP", frames("WEBP"), extension="webp"),
    case("several pages: TIFF", frames("TIFF"), extension="tiff"),
    case("a stereo pair: MPO", frames("MPO", 2)),
    case("CMYK: JPEG", saved("CMYK", "JPEG")),
    case("CMYK: TIFF", saved("CMYK", "TIFF"), extension="tif"),
    case("16 bits of grey: PNG", saved("I;16", "PNG"), extension="png"),
    case("16 bits a colour: PNG", png(8, 6, depth=16, colour=2, pixels=bytes(6 * 49)), extension="png"),
    case("32 bits, floating point, NaN: TIFF", lambda: _not_a_number(), extension="tif"),
    case("1 bit: PNG", saved("1", "PNG"), extension="png"),
    case("a palette with a transparent colour: PNG", saved("P", "PNG", transparency=0), extension="png"),
    case(
        "a palette with an alpha for each colour: PNG",
        saved("P", "PNG", transparency=bytes(range(256))),
        extension="png",
    ),
    case("a palette that is missing: PNG", png(8, 6, colour=3, pixels=bytes(54)), NO, extension="png"),
    case("grey and alpha: PNG", saved("LA", "PNG"), extension="png"),
    case("EXIF that is no EXIF", JPEG[:2] + b"\xff\xe1\x00\x10Exif\0\0" + b"\xff" * 8 + JPEG[2:]),
    case("an orientation of 9", lambda: saved("RGB", "JPEG", exif=_orientation(9))),
    case("a colour profile that is none", lambda: saved("RGB", "JPEG", icc_profile=b"\0" * 200)),
    case("PHP after the picture's end", JPEG + b"<?php system($_GET[0]); ?>"),
    case("a script in a JPEG comment", JPEG[:2] + b"\xff\xfe\x00\x1b<script>alert(1)</script>" + JPEG[2:]),
    case("a file larger than max_image_bytes", JPEG + bytes(4_096), "image file too large", max_image_bytes=4_096),
    case("TIFF whose directory points to itself", b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0", NO, "tif"),
    case(
        "TIFF with a tag of 4 GB",
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 256, 3, 2**32 - 1, 8) + bytes(4),
        NO,
        "tif",
    ),
)


def _not_a_number() -> bytes:
    buffer = io.BytesIO()
    Image.new("F", (8, 6), float("nan")).save(buffer, "TIFF")
    return buffer.getvalue()


def _orientation(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()
