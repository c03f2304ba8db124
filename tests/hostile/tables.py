"""CSV and TSV as spreadsheets, scripts and accidents leave them."""

import gzip

from tasks.ingest.sources.sidecar.config import SidecarConfig
from tasks.ingest.sources.table.config import TableConfig
from tests.hostile.case import Case, Content, Link, source
from tests.tasks.ingest.conftest import image_bytes

BOTH = ("one", "two")
BAD = "malformed row"
RED = image_bytes("red")


def case(name: str, content: Content, taken: tuple[str, ...] | int = BOTH, *rejected: str, **options: object) -> Case:
    options = {"image_column": None} | options
    return Case("CSV and TSV", name, source(TableConfig, {"0.csv": content}, **options), taken, rejected)


def refused(name: str, content: Content, error: str, **options: object) -> Case:
    options = {"image_column": None} | options
    return Case("CSV and TSV", name, source(TableConfig, {"0.csv": content}, **options), error=error)


def beside(name: str, files: dict[str, Content | Link], taken: tuple[str, ...], *rejected: str) -> Case:
    return Case("Folders of images", name, source(SidecarConfig, files), taken, rejected)


def image(name: str, path: bytes, *rejected: str) -> Case:
    table = b"caption,image\none,a.jpg\nno," + path + b"\ntwo,a.jpg\n"
    files = {"0.csv": table, "a.jpg": RED, "out.jpg": Link("{secret}"), "round.jpg": Link("round.jpg")}
    read = source(TableConfig, files, "0.csv", image_column="image")
    return Case("CSV and TSV", name, read, BOTH, rejected or ("path escapes the image folder",))


CASES = (
    case("a quote that nothing closes spoils its own line", b'caption,n\none,1\n"no,1\ntwo,1\n', BOTH, BAD),
    case("text after a closing quote", b'caption,n\none,1\n"no" no,1\ntwo,1\n', BOTH, BAD),
    case("a quote in the middle of a field", b'caption,n\n5" pipe,1\ntwo,1\n', ('5" pipe', "two")),
    case("a quote that nothing closes on the last line", b'caption,n\none,1\ntwo,1\n"no', BOTH, BAD),
    case("10,000 lines of one stray quote", lambda: b"caption,n\n" + b'"a,1\n' * 10_001, 0, *[BAD] * 10_001),
    case("a quoted field over several lines", b'caption,n\n"one\nmore",1\ntwo,1\n', ("one\nmore", "two")),
    case("quotes as they are", b'caption,n\n"one",1\ntwo,1\n', ('"one"', "two"), quotes="raw"),
    case("a byte order mark", b"\xef\xbb\xbfcaption,n\none,1\ntwo,1\n"),
    case("a byte order mark before a quoted header", b'\xef\xbb\xbf"caption","n"\none,1\ntwo,1\n'),
    case("UTF-16, low byte first", "\ufeffcaption,n\r\none,1\r\ntwo,1\r\n".encode("utf-16-le")),
    case("UTF-16, high byte first", "\ufeffcaption,n\r\none,1\r\ntwo,1\r\n".encode("utf-16-be")),
    case("CR alone at line ends", b"caption,n\rone,1\rtwo,1\r"),
    case("CR and LF", b"caption,n\r\none,1\r\ntwo,1\r\n"),
    case("no line end at the end", b"caption,n\none,1\ntwo,1"),
    case("blank lines", b"caption,n\n\none,1\n\n\ntwo,1\n\n"),
    case(
        "NA, NULL, None and nan are texts", b"caption,n\nNA,1\nNULL,1\nNone,1\nnan,1\n", ("NA", "NULL", "None", "nan")
    ),
    case("numbers and dates are texts", b"caption,n\n007,1\n1e5,1\n2024-01-02,1\n", ("007", "1e5", "2024-01-02")),
    case("a NUL in a field", b"caption,n\na\0b,1\ntwo,1\n", ("a\0b", "two")),
    case("too few fields", b"caption,n\none,1\nno\ntwo,1\n", BOTH, BAD),
    case("too many fields", b"caption,n\none,1\nno,1,2\ntwo,1\n", BOTH, BAD),
    case("a line of 100,000 commas", b"caption,n\none,1\n" + b"," * 100_000 + b"\ntwo,1\n", BOTH, BAD),
    case("Latin-1", b"caption,n\none,1\ncaf\xe9,1\ntwo,1\n", BOTH, "invalid UTF-8"),
    case("an empty field", b"caption,n\none,1\n,1\ntwo,1\n", BOTH, "empty caption"),
    case("a formula", b"caption,n\none,1\n=1+1,1\n", ("one", "=1+1")),
    case("semicolons", b"caption;n\none;1\ntwo;1\n"),
    Case(
        "CSV and TSV",
        "a file's name that is not UTF-8",
        source(TableConfig, {"\udcff.csv": b"caption,n\none,1\n"}, image_column=None),
        error="is not UTF-8",
    ),
    case("packed by gzip", gzip.compress(b"caption,n\none,1\ntwo,1\n")),
    case(
        "a field of 20 MB", lambda: b"caption,n\none,1\n" + b"x" * 20_000_000 + b",1\ntwo,1\n", BOTH, "caption too long"
    ),
    case("a quoted field of 20 MB", lambda: b'caption,n\none,1\n"' + b"x" * 20_000_000 + b'",1\ntwo,1\n', BOTH, BAD),
    case("a header alone", b"caption,n\n", ()),
    case("1,000,000 columns", lambda: b"caption," + b"n," * 999_999 + b"\none\n", (), BAD),
    case(
        "labels of 400 digits", b"caption,label\none,1\nno," + b"9" * 400 + b"\n", ("one",), BAD, label_column="label"
    ),
    case("no bytes", b"", ()),
    refused("no header", b"one,1\ntwo,1\n", "no column 'caption'"),
    refused("one name twice", b"caption,caption\none,1\n", "2 columns 'caption'"),
    refused("packed by gzip and cut", gzip.compress(b"caption,n\none,1\ntwo,1\n" * 99)[:-9], "cannot be unpacked"),
    refused("zip called .csv", b"PK\x03\x04" + bytes(40) + b"\n" + bytes(40), "no column 'caption'"),
    refused(
        "UTF-16 that turns into something else",
        "\ufeffcaption,n\none,1".encode("utf-16-le") + b"\0",
        "begins as UTF-16",
    ),
    image("an image path ../secret", b"../secret"),
    image("an absolute image path", b"/etc/passwd"),
    image("a drive in an image path", b"C:\\x.jpg"),
    image("file: as an image path", b"file:///etc/passwd", "missing image"),
    image("a link out of the folder", b"out.jpg"),
    image("a link to itself", b"round.jpg", "missing image"),
    image("a pattern as an image path", b"*.jpg", "missing image"),
    image("the folder itself", b".", "missing image"),
    image("an image path of nothing", b"", "missing image"),
    beside(
        "a link out of the folder as an image",
        {"a.jpg": RED, "a.txt": b"one", "b.jpg": Link("{secret}"), "b.txt": b"no"},
        ("one",),
        "path escapes the image folder",
    ),
    beside(
        "a link out of the folder as a text",
        {"a.jpg": RED, "a.txt": b"one", "b.jpg": RED, "b.txt": Link("{secret}")},
        ("one",),
        "empty caption",
    ),
    beside(
        "a text of 10 MB",
        {"a.jpg": RED, "a.txt": b"one", "b.jpg": RED, "b.txt": b"x" * 10_000_000},
        ("one",),
        "caption too long",
    ),
    beside(
        "a text without an image, an image without a text",
        {"a.jpg": RED, "a.txt": b"one", "b.txt": b"no", "c.jpg": RED},
        ("one",),
        "missing image",
        "empty caption",
    ),
    beside(
        "a folder called .jpg",
        {"a.jpg": RED, "a.txt": b"one", "b.jpg/x": b"", "b.txt": b"no"},
        ("one",),
        "missing image",
    ),
    beside(
        "names of spaces, quotes, line breaks and ANSI",
        {" '\"\n\x1b[31m.jpg": RED, " '\"\n\x1b[31m.txt": b"one"},
        ("one",),
    ),
    beside(
        "a name that is not UTF-8",
        {"a.jpg": RED, "a.txt": b"one", "b\udcff.jpg": RED, "b\udcff.txt": b"no"},
        ("one",),
        "invalid UTF-8",
    ),
)
