"""The tables that stages exchange, as Arrow schemas. The names are the contract; see the design page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _with_features(fields: Iterable[pa.Field]) -> pa.Schema:
    """A schema from which the Hugging Face `datasets` library sees that `image` is an image."""
    fields = list(fields)
    features = {field.name: _feature(field.type) for field in fields}
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _feature(kind: pa.DataType) -> object:
    if kind == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_struct(kind):
        return {part.name: _feature(part.type) for part in kind}
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        return [_feature(kind.value_type)]  # a `Sequence` of structs would be read as a struct of lists
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

SCORES, KEPT, CONCEPTS = "scores", "kept", "concepts"
"""The columns of what is carried along in `pairs` and `curated`; each is there only where a source names some."""

CONCEPT = pa.struct([("label", pa.string()), ("score", pa.float32())])
"""What a detector saw in a picture, and how sure it was; null where it does not say."""


@dataclass(frozen=True)
class Carried:
    """What rows have beside what every pair has.

    Attributes:
        scores: names of numbers, in the struct `scores`.
        kept: names of texts, in the struct `kept`.
        concepts: whether there is a list of concepts.
    """

    scores: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    concepts: bool = False

    @classmethod
    def of(cls, schemas: Iterable[pa.Schema]) -> "Carried":
        """What any of some tables of `pairs` or `curated` carries; rows of the others have nulls for it."""
        scores, kept, concepts = set[str](), set[str](), False
        for schema in schemas:
            scores |= _parts(schema, SCORES)
            kept |= _parts(schema, KEPT)
            concepts |= CONCEPTS in schema.names
        return cls(frozenset(scores), frozenset(kept), concepts)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.scores or self.kept or self.concepts)


NOTHING = Carried()


def with_carried(schema: pa.Schema, carried: Carried) -> pa.Schema:
    """A schema of `pairs` or `curated` with last columns for what rows carry; without any, itself.

    Structs have their names sorted. A null is a row that has no such value, or a row of another source.
    """
    fields = []
    for column, names, kind in ((SCORES, carried.scores, pa.float64()), (KEPT, carried.kept, pa.string())):
        if names:
            fields.append(pa.field(column, pa.struct([(name, kind) for name in sorted(names)])))
    if carried.concepts:
        fields.append(pa.field(CONCEPTS, pa.list_(CONCEPT)))
    return _with_features([*schema, *fields]) if fields else schema


def scores_in(schema: pa.Schema) -> frozenset[str]:
    """The names of the scores that a table of `pairs` or `curated` has."""
    return frozenset(_parts(schema, SCORES))


def _parts(schema: pa.Schema, column: str) -> set[str]:
    return {part.name for part in schema.field(column).type} if column in schema.names else set()


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
