"""The tables that stages exchange, as Arrow schemas. The names are the contract; see the design page."""

import json
from collections.abc import Iterable

import pyarrow as pa

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _with_features(fields: Iterable[pa.Field]) -> pa.Schema:
    """A schema from which the Hugging Face `datasets` library sees that `image` is an image."""
    fields = list(fields)
    features = {field.name: _feature(field.type) for field in fields}
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _feature(kind: pa.DataType) -> dict[str, object]:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {part.name: _feature(part.type) for part in kind}
    if pa.types.is_list(kind):
        return {"_type": "Sequence", "feature": {"_type": "Value", "dtype": str(kind.value_type)}}
    return {"_type": "Value", "dtype": {"double": "float64", "float": "float32"}.get(str(kind), str(kind))}


PAIRS = _with_features(
    [
        pa.field("id", pa.uint64(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("caption", pa.large_string(), nullable=False),
        pa.field("image", IMAGE),
        pa.field("label", pa.int32()),
        pa.field("source", pa.string(), nullable=False),
    ]
)

SCORES = "scores"
"""The column of scores in `pairs` and `curated`, a struct of float64; there only where a source names some."""


def with_scores(schema: pa.Schema, names: Iterable[str]) -> pa.Schema:
    """A schema of `pairs` or `curated` with a last column `scores`, a struct of the names, sorted; without any, itself.

    A null is a row that has no such score, or a row of another source, which does not have it at all.
    """
    fields = [pa.field(name, pa.float64()) for name in sorted(set(names))]
    return _with_features([*schema, pa.field(SCORES, pa.struct(fields))]) if fields else schema


def scores_in(schema: pa.Schema) -> tuple[str, ...]:
    """The names of the scores that a table of `pairs` or `curated` has; none where it has no such column."""
    return tuple(part.name for part in schema.field(SCORES).type) if SCORES in schema.names else ()


DROPPED = pa.schema([("id", pa.uint64()), ("kept", pa.uint64()), ("reason", pa.string())])
"""A row to leave out, the row that stays for it (null: none), and why."""

GONE = pa.schema([("id", pa.uint64())])

REJECTED = pa.schema([("key", pa.string()), ("reason", pa.string()), ("detail", pa.string())])

# Row by row that of `pairs`. Null in place of a list: the row is gone (a repetition, a leak, taken down).
MATCHES = pa.schema([("id", pa.uint64()), ("entries", pa.list_(pa.uint32()))])

COUNTS = pa.schema([("entry", pa.uint32()), ("count", pa.uint64())])

ENTRIES = pa.schema(
    [
        ("entry", pa.uint32()),
        ("text", pa.large_string()),
        ("provenance", pa.string()),
        ("status", pa.string()),
        ("fault", pa.string()),
        ("count", pa.uint64()),
        ("observed", pa.float64()),
        ("target", pa.float64()),
        ("balanced", pa.float64()),
        ("realised", pa.float64()),
        ("log_scale", pa.float64()),
    ]
)

# A file of it stands beside a file of `pairs` and one of `matches`; `row` is the place in those.
SELECTION = pa.schema(
    [
        ("id", pa.uint64()),
        ("weight", pa.float64()),
        ("inclusion", pa.float64()),
        ("multiplicity", pa.uint16()),
        ("row", pa.uint32()),
    ]
)

CURATED = _with_features(
    [
        *PAIRS,
        pa.field("weight", pa.float64()),
        pa.field("inclusion", pa.float64()),
        pa.field("multiplicity", pa.uint16()),
        pa.field("entries", pa.list_(pa.uint32())),
    ]
)

EDGES = pa.schema(
    [("source", pa.uint64()), ("target", pa.uint64()), ("length", pa.float32()), ("certified", pa.bool_())]
)

NEIGHBOURS = pa.schema(
    [("id", pa.uint64()), ("neighbours", pa.list_(pa.uint64())), ("distances", pa.list_(pa.float32()))]
)


def embeddings_schema(dimension: int, dtype: str = "float32", *, image: bool = True, text: bool = True) -> pa.Schema:
    """`id` and L2-normalised vectors `image` and `text`: fixed-size lists `[dimension]` of float16 or float32."""
    vector = pa.list_({"float16": pa.float16(), "float32": pa.float32()}[dtype], dimension)
    fields = [pa.field("id", pa.uint64())]
    fields += [pa.field(name, vector) for name, wanted in (("image", image), ("text", text)) if wanted]
    return pa.schema(fields)
