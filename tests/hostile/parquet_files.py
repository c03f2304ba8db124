"""Parquet of wrong types, with repeated names, and cut or altered."""

import pyarrow as pa

from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tests.hostile.captions import written
from tests.hostile.case import Case, Content, source
from tests.tasks.ingest.conftest import image_bytes

SOUND = written(pa.table({"caption": ["one", "two"]}))


def case(name: str, content: Content, taken: tuple[str, ...] = (), *rejected: str, **options: object) -> Case:
    options = {"image_column": None} | options
    return Case("Parquet", name, source(HuggingFaceParquetConfig, {"0.parquet": content}, **options), taken, rejected)


def refused(name: str, content: Content, error: str, **options: object) -> Case:
    options = {"image_column": None} | options
    return Case("Parquet", name, source(HuggingFaceParquetConfig, {"0.parquet": content}, **options), error=error)


def column(values: list, kind: pa.DataType) -> bytes:
    return written(pa.table({"caption": pa.array(values, kind)}))


TWO = ("one", "two")
RED = image_bytes("red")
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def with_image(*images: dict | None) -> bytes:
    return written(pa.table({"caption": ["it"] * len(images), "image": pa.array(list(images), IMAGE)}))


CASES = (
    case("a dictionary column", written(pa.table({"caption": pa.array(["one", "two"]).dictionary_encode()})), TWO),
    case("binary captions", column([b"one", b"two"], pa.binary()), TWO),
    case("binary captions that are not UTF-8", column([b"one", b"\xff"], pa.binary()), ("one",), "invalid UTF-8"),
    case("fixed-size binary captions", column([b"one", b"two"], pa.binary(3)), TWO),
    case("large strings", column(["one", "two"], pa.large_string()), TWO),
    case("string views", column(["one", "two"], pa.string_view()), TWO),
    case("null captions", column(["one", None], pa.string()), ("one",), "empty caption"),
    case("a column of nothing", column([None, None], pa.null()), (), "empty caption", "empty caption"),
    case(
        "a list of captions",
        column([["one", "two"], [], None], pa.list_(pa.string())),
        TWO,
        "empty caption",
        "empty caption",
    ),
    case(
        "a row group for each of 300 rows",
        lambda: written(pa.table({"caption": [str(n) for n in range(300)]}), row_group_size=1),
        tuple(map(str, range(300))),
    ),
    case("no rows", column([], pa.string())),
    case(
        "labels with nulls and fractions",
        written(pa.table({"caption": ["one", "two", "no"], "label": [1.0, None, 0.5]})),
        TWO,
        "malformed row",
        label_column="label",
    ),
    case(
        "labels of 64 bits",
        written(pa.table({"caption": ["one", "no"], "label": [1, 2**40]})),
        ("one",),
        "label out of range",
        label_column="label",
    ),
    case(
        "one key twice",
        written(pa.table({"caption": ["one", "no"], "key": ["k", "k"]})),
        ("one",),
        "duplicate key",
        key_column="key",
    ),
    case(
        "scores that are NaN, infinite and null",
        written(pa.table({"caption": ["one", "two"], "s": [float("nan"), None]})),
        TWO,
        scores=("s",),
    ),
    case(
        "an image path ../secret",
        with_image({"bytes": RED, "path": "a"}, {"bytes": None, "path": "../secret"}),
        ("it",),
        "path escapes the image folder",
        image_column="image",
        images=".",
    ),
    case(
        "an image's bytes with a path that escapes: kept as a name",
        with_image({"bytes": RED, "path": "/etc/passwd"}),
        ("it",),
        image_column="image",
    ),
    case(
        "null images, and images of nothing",
        with_image(None, {"bytes": None, "path": None}, {"bytes": b"", "path": "a"}),
        (),
        "missing image",
        "missing image",
        "unreadable image",
        image_column="image",
    ),
    case(
        "a path that poses as a reference to another file",
        with_image({"bytes": None, "path": "/etc/passwd#xxh3=0123456789abcdef"}),
        (),
        "missing image",
        image_column="image",
    ),
    case(
        "metadata that is nested 100,000 deep",
        written(pa.table({"caption": ["one"]}).replace_schema_metadata({"huggingface": "[" * 100_000})),
        ("one",),
    ),
    refused("captions that are numbers", column([1, 2], pa.int64()), "caption_column must name"),
    refused("captions that are dates", column([1, 2], pa.timestamp("s")), "caption_column must name"),
    refused(
        "captions that are lists of lists",
        column([[["one"]]], pa.list_(pa.list_(pa.string()))),
        "caption_column must name",
    ),
    refused(
        "captions that are maps", column([[("a", "b")]], pa.map_(pa.string(), pa.string())), "caption_column must name"
    ),
    refused(
        "scores that are texts", written(pa.table({"caption": ["one"], "s": ["1"]})), "scores must name", scores=("s",)
    ),
    refused(
        "images that are numbers",
        written(pa.table({"caption": ["one"], "image": [1]})),
        "image_column must name",
        image_column="image",
    ),
    refused(
        "two columns of one name",
        written(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["caption", "caption"])),
        "2 columns called",
    ),
    refused(
        "no such column, and 5,000 others",
        lambda: written(pa.table({f"c{n}": ["a"] for n in range(5_000)})),
        "has no column 'caption'",
    ),
    refused(
        "a column's name that is not UTF-8",
        written(pa.table({"caption": ["one"], "zzzz": [1]}), store_schema=False).replace(b"zzzz", b"\xff\xfe\xff\xfe"),
        "is not a readable Parquet file",
    ),
    refused("no bytes", b"", "is not a readable Parquet file"),
    refused("a cut footer", SOUND[:-8], "is not a readable Parquet file"),
    refused("its first half", SOUND[: len(SOUND) // 2], "is not a readable Parquet file"),
    refused("the mark at both ends and nothing between", b"PAR1PAR1", "is not a readable Parquet file"),
    refused("a footer of 2 GB", SOUND[:-8] + b"\xff\xff\xff\x7fPAR1", "is not a readable Parquet file"),
    refused("a footer altered", SOUND[:-300] + b"\xff" * 200 + SOUND[-100:], "is not a readable Parquet file"),
    Case(
        "Parquet",
        "a file's name that is not UTF-8",
        source(HuggingFaceParquetConfig, {"\udcff.parquet": SOUND}, image_column=None),
        error="is not UTF-8",
    ),
    refused("CSV called .parquet", b"caption\none\n", "is not a readable Parquet file"),
    refused(
        "a page altered",
        written(pa.table({"caption": ["one"] * 9}), use_dictionary=False, compression="gzip")[:30]
        + b"\xff" * 12
        + written(pa.table({"caption": ["one"] * 9}), use_dictionary=False, compression="gzip")[42:],
        "cannot be read",
    ),
)
