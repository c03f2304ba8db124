"""WebDataset tars that lead elsewhere, lie about their sizes, or end too early."""

import bz2
import gzip
import tarfile

from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.hostile.case import Case, Content, Link, source
from tests.tasks.ingest.conftest import image_bytes

RED = image_bytes("red")
END = bytes(1024)
SOUND = ("sound",)


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT, errors="surrogateescape") + content + bytes(-len(content) % 512)


def pax(content: bytes, size: int | None = None) -> bytes:
    return _header("pax", b"x", len(content) if size is None else size) + content + bytes(-len(content) % 512)


def record(key: str, value: bytes) -> bytes:
    body = b" " + key.encode() + b"=" + value + b"\n"
    size = len(body) + 2
    while len(str(size)) + len(body) != size:
        size += 1
    return str(size).encode() + body


def _header(name: str, kind: bytes, size: int | bytes) -> bytes:
    header = bytearray(member(name, kind=kind))
    header[124:136] = b"%011o\0" % size if isinstance(size, int) else size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


OK = member("ok.jpg", RED) + member("ok.txt", b"sound")


def pair(name: str) -> bytes:
    return member(f"{name}.jpg", RED) + member(f"{name}.txt", b"it")


def case(
    name: str, content: Content, taken: tuple[str, ...] = SOUND, *rejected: str, file: str = "0.tar", **options: object
) -> Case:
    return Case("Tars", name, source(WebdatasetConfig, {file: content}, **options), taken, rejected)


def refused(name: str, files: dict[str, Content | Link], error: str, **options: object) -> Case:
    return Case("Tars", name, source(WebdatasetConfig, files, **options), error=error)


UNSAFE, DAMAGED = "unsafe member", "damaged archive"
BOTH = ("sound", "it")

CASES = (
    *(
        case(f"a member called {name}.jpg", OK + pair(name) + END, SOUND, UNSAFE)
        for name in ("../up", "/tmp/absolute", "a/../../up", "a\\..\\..\\up", "C:\\drive", "\\\\host\\share\\x")
    ),
    case("a pax path with a NUL", OK + pax(record("path", b"a\0b.jpg")) + member("x", RED) + END, SOUND, UNSAFE),
    case("a pax path ../up", OK + pax(record("path", b"../up.jpg")) + member("x", RED) + END, SOUND, UNSAFE),
    *(
        case(
            f"{what} in the place of an image",
            OK + member("x.jpg", kind=kind, linkname="/etc/passwd") + member("x.txt", b"it") + END,
            SOUND,
            UNSAFE,
        )
        for what, kind in (
            ("a symbolic link", tarfile.SYMTYPE),
            ("a hard link", tarfile.LNKTYPE),
            ("a character device", tarfile.CHRTYPE),
            ("a block device", tarfile.BLKTYPE),
            ("a pipe", tarfile.FIFOTYPE),
            ("a type that no standard knows", b"Q"),
            ("a GNU sparse file", tarfile.GNUTYPE_SPARSE),
        )
    ),
    case(
        "a pax sparse file of 1 TB",
        OK + pax(record("GNU.sparse.major", b"1") + record("GNU.sparse.realsize", b"1099511627776")) + pair("x") + END,
        SOUND,
        UNSAFE,
    ),
    case(
        "a linked folder, then a member below it",
        OK + member("d", kind=tarfile.SYMTYPE, linkname="/tmp") + pair("d/x") + END,
        BOTH,
        "malformed row",
    ),
    case("one name twice", OK + member("x.jpg", RED) + pair("x") + END, SOUND, "duplicate key"),
    case("names alike but for case", OK + member("x.JPG", RED) + pair("x") + END, SOUND, "duplicate key"),
    case("a key that comes again later", OK + pair("x") + OK + END, BOTH, "duplicate key"),
    case("cut in the middle of an image", OK + member("x.jpg", RED)[:600], SOUND, DAMAGED, DAMAGED),
    case("cut in the middle of a header", OK + pair("x")[:100], SOUND, DAMAGED),
    case("cut between members, without an end mark", OK, SOUND),
    case("no bytes", b"", (), DAMAGED),
    case("an end mark alone", END, ()),
    case("10 KB of 0xFF", b"\xff" * 10_240, (), DAMAGED),
    case("a web page called 0.tar", b"<!DOCTYPE html><title>404</title>" * 40, (), DAMAGED),
    case("a zip called 0.tar", b"PK\x03\x04" + bytes(1020), (), DAMAGED),
    case("a header whose sum is wrong", OK + b"y" + pair("x")[1:] + END, SOUND, DAMAGED),
    case("a size of letters", OK + _header("x.jpg", b"0", b"zzzzzzzzzzz\0") + END, SOUND, DAMAGED),
    case("a negative size", OK + _header("x.jpg", b"0", b"\xff" * 12) + END, SOUND, DAMAGED),
    case(
        "a size of 2^87 bytes",
        OK + _header("x.jpg", b"0", b"\x80" + b"\xff" * 11) + END,
        SOUND,
        "empty caption",
        DAMAGED,
    ),
    case("8 GB in 3 KB", OK + _header("x.jpg", b"0", b"77777777777\0") + END, SOUND, "empty caption", DAMAGED),
    case("a pax size of 30 digits", OK + pax(record("size", b"9" * 30)) + pair("x") + END, SOUND, DAMAGED),
    case("pax records of 7 GB", OK + pax(b"", 7 << 30) + END, SOUND, DAMAGED),
    case("pax records without a length", OK + pax(b"path=x") + pair("x") + END, SOUND, DAMAGED),
    case("a pax record longer than its block", OK + pax(b"999 path=x\n") + pair("x") + END, SOUND, DAMAGED),
    case("a long name of 4 MB", lambda: OK + member("L", b"x" * (4 << 20), b"L") + pair("x") + END, SOUND, DAMAGED),
    case("a name of 4,000 letters", OK + pair("x" * 4000) + END, BOTH),
    case("folders 500 deep", OK + pair("d/" * 500 + "x") + END, BOTH),
    case("a name with line breaks and ANSI colours", OK + pair("x\n\x1b[31mred") + END, BOTH),
    case("a name that is not UTF-8", OK + pair("x\udcff") + END, SOUND, "invalid UTF-8"),
    case("a hidden member", OK + member(".jpg", RED) + END, SOUND, "malformed row"),
    case("a member without an extension", OK + member("README", b"?") + END, SOUND, "malformed row"),
    case(
        "members that other readers unpickle", OK + pair("x") + member("x.pyd", b"cos\nsystem\n(S'id'\ntR.") + END, BOTH
    ),
    case("a second archive after the end mark", OK + END + pair("x") + END, SOUND, DAMAGED),
    case("a tar in a tar", OK + member("x.tar", pair("y")) + END, SOUND, "empty caption"),
    case("packed by gzip", gzip.compress(OK + pair("x") + END), BOTH),
    case("packed by gzip and cut", gzip.compress(OK + pair("x") + END)[:-40], SOUND, "empty caption", DAMAGED),
    case("packed by bzip2", bz2.compress(OK + END), (), DAMAGED),
    case(
        "a gzip bomb: an image of 64 MB in 64 KB",
        lambda: gzip.compress(OK + member("x.jpg", bytes(64 << 20)) + member("x.txt", b"it") + END, 1),
        SOUND,
        "image file too large",
        max_image_bytes=1 << 20,
    ),
    case(
        "a caption of 10 MB",
        lambda: OK + member("x.jpg", RED) + member("x.txt", b"x" * 10_000_000) + END,
        SOUND,
        "caption too long",
    ),
    case(
        "a caption that is not UTF-8",
        OK + member("x.jpg", RED) + member("x.txt", b"caf\xe9") + END,
        SOUND,
        "invalid UTF-8",
    ),
    case("an image without a caption", OK + member("x.jpg", RED) + END, SOUND, "empty caption"),
    case("a caption without an image", OK + member("x.txt", b"it") + END, SOUND, "missing image"),
    *(
        case(
            f"a .json with {what}",
            member("x.jpg", RED) + member("x.json", content) + END,
            taken,
            *rejected,
            caption="json.text",
        )
        for what, content, taken, rejected in (
            ("100,000 brackets", b'{"text": ' + b"[" * 100_000, (), ("malformed row",)),
            ("a number of 5,000 digits", b'{"text": "it", "n": ' + b"9" * 5_000 + b"}", (), ("malformed row",)),
            ("NaN", b'{"text": "it", "n": NaN}', ("it",), ()),
            ("a key twice: the last counts", b'{"text": "no", "text": "it"}', ("it",), ()),
            ("a list of lists as its caption", b'{"text": [["it"]]}', (), ("malformed row",)),
            ("a lone surrogate", b'{"text": "\\ud800"}', (), ("invalid UTF-8",)),
            ("no object", b"[]", (), ("malformed row",)),
            ("its end cut off", b'{"text": "it', (), ("malformed row",)),
        )
    ),
    refused("a folder called 0.tar", {"0.tar/x": b""}, "no file in"),
    refused("a tar's name that is not UTF-8", {"\udcff.tar": OK + END}, "is not UTF-8"),
)
