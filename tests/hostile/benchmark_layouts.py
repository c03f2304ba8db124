"""Benchmark folders in clip-benchmark's layout that lie, lead out, or hold what other readers would run."""

import bz2
import gzip
import tarfile
from pathlib import Path

from tasks.embedding.benchmarks.layout import inspect_layout, subfolder
from tests.hostile.case import Case, Content, Link, Rows, put
from tests.hostile.tars import END, _header, member, pax, record
from tests.tasks.ingest.conftest import image_bytes

RED = image_bytes("red")
LABELLED = member("s0.jpg", RED) + member("s0.cls", b"0")
SOUND: dict[str, Content | Link] = {
    "classnames.txt": b"red\nblue\n",
    "zeroshot_classification_templates.txt": b"a photo of {c}\n",
    "test/nshards.txt": b"1",
    "test/0.tar": LABELLED + END,
}


def case(name: str, files: dict[str, Content | Link], error: str | None, taken: tuple[str, ...] = ()) -> Case:
    def read(folder: Path) -> Rows:
        hidden = {name.split("/x")[0] for name in files}
        put(folder, {name: held for name, held in SOUND.items() if name not in hidden} | files)
        layout = inspect_layout(folder, name="b", split="test")
        return Rows((str(layout.images),))

    return Case("Benchmarks", name, read, taken, (), error)


def tar(name: str, content: Content, error: str) -> Case:
    return case(name, {"test/0.tar": content}, error)


def named(name: str) -> Case:
    def read(folder: Path) -> Rows:
        put(folder, {})
        return Rows((str(subfolder(folder, name)),))

    return Case("Benchmarks", f"the benchmark's name {name!r}", read, error="leads out of its data set")


CASES = (
    case(
        "links and devices beside the samples: passed over, as webdataset does",
        {
            "test/0.tar": member("x.jpg", kind=tarfile.SYMTYPE, linkname="/etc/passwd")
            + member("y.jpg", kind=tarfile.CHRTYPE)
            + LABELLED
            + END
        },
        None,
        ("1",),
    ),
    tar(
        "a pickle among the members",
        LABELLED + member("s0.pickle", b"cos\nsystem\n(S'id'\ntR.") + END,
        "could run code",
    ),
    tar("a .pyd among the members", LABELLED + member("s0.pyd", b"x") + END, "could run code"),
    tar(
        "EPS called .jpg",
        member("s0.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n") + member("s0.cls", b"0") + END,
        "is not a JPEG, PNG or WebP",
    ),
    tar("an animation called .gif", member("s0.gif", b"GIF89a") + member("s0.cls", b"0") + END, "is a .gif picture"),
    tar("a label beyond the classes", member("s0.jpg", RED) + member("s0.cls", b"2") + END, "should be a class number"),
    tar(
        "a label of 5,000 digits",
        member("s0.jpg", RED) + member("s0.cls", b"9" * 5_000) + END,
        "should be a class number",
    ),
    tar(
        "a label in other digits",
        member("s0.jpg", RED) + member("s0.cls", "١".encode()) + END,
        "should be a class number",
    ),
    tar("a negative label", member("s0.jpg", RED) + member("s0.cls", b"-1") + END, "should be a class number"),
    tar("an image twice", member("s0.jpg", RED) + LABELLED + END, "2 image files"),
    tar("an image without a label", member("s0.jpg", RED) + END, "0 .cls files"),
    tar("a member of 8 GB in 3 KB", LABELLED + _header("s1.jpg", b"0", b"77777777777\0") + END, "the largest allowed"),
    tar(
        "a GNU sparse member of 1 TB",
        LABELLED
        + pax(
            record("GNU.sparse.major", b"1")
            + record("GNU.sparse.minor", b"0")
            + record("GNU.sparse.realsize", b"1099511627776")
            + record("GNU.sparse.name", b"s1.jpg")
        )
        + member("s1.jpg", b"0\n" + bytes(510))
        + END,
        "the largest allowed",
    ),
    tar("pax records that are none", LABELLED + pax(b"path=x") + member("s1.jpg", RED) + END, "0 .cls files"),
    tar("cut in the middle", (LABELLED + END)[:700], "not a readable tar"),
    tar("no bytes", b"", "not a readable tar"),
    tar("an end mark alone", END, "hold no samples"),
    tar("packed by gzip and cut", gzip.compress(LABELLED + END)[:-20], "not a readable tar"),
    tar(
        "packed by gzip and altered",
        gzip.compress(LABELLED + END)[:60] + bytes(40) + gzip.compress(LABELLED + END)[100:],
        "not a readable tar",
    ),
    tar("packed by bzip2 and cut", bz2.compress(LABELLED + END)[:-20], "not a readable tar"),
    case("a shard count of 10^8", {"test/nshards.txt": b"100000000"}, "1.tar is missing"),
    case("a shard count of 5,000 digits", {"test/nshards.txt": b"9" * 5_000}, "number of tars"),
    case("a shard count in other digits", {"test/nshards.txt": "٣".encode()}, "number of tars"),
    case(
        "a template that reaches for attributes",
        {"zeroshot_classification_templates.txt": b"{c.__class__.__mro__}\n"},
        "a field other than {c}",
    ),
    case(
        "a template of a width of 10^9",
        {"zeroshot_classification_templates.txt": b"{c:>1000000000}\n"},
        "a field other than {c}",
    ),
    case("a template with a brace alone", {"zeroshot_classification_templates.txt": b"a {c} {\n"}, "line 1"),
    case("class names in UTF-16", {"classnames.txt": "red\nblue".encode("utf-16")}, "is not UTF-8"),
    case("one class", {"classnames.txt": b"red\n"}, "one class only"),
    case("a folder called classnames.txt", {"classnames.txt/x": b""}, "cannot be read"),
    case("a kind of benchmark that nobody knows", {"dataset_type.txt": b"<script>"}, "not evaluated here"),
    *(named(name) for name in ("../up", "/etc", "a/../../b", "a\\b")),
)
