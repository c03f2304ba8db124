"""However Arrow holds values, the same values come out, in few types."""

import pyarrow as pa
import pytest

from tasks.ingest.columns.plain import plain, plain_type

TEXT, BYTES = pa.large_string(), pa.large_binary()
STRUCT = pa.struct([("bytes", pa.binary_view()), ("path", pa.null())])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array(["a", "b", None, "a"]).dictionary_encode(), TEXT),
        (pa.array(["a", None, "long enough to lie outside a view"], pa.string_view()), TEXT),
        (pa.array([b"a", None, b"long enough to lie outside"], pa.binary_view()), BYTES),
        (pa.array([b"ab", None, b"cd"], pa.binary(2)), BYTES),
        (pa.array([["a", "b"], None, ["c", "d"]], pa.list_(pa.string(), 2)), pa.large_list(TEXT)),
        (pa.array([["a"], None, ["c", "d"], []], pa.list_view(pa.string())), pa.large_list(TEXT)),
        (pa.array([["a"], None, ["c", "d"]], pa.large_list_view(pa.string_view())), pa.large_list(TEXT)),
        (pa.array([["a", None], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))), pa.large_list(TEXT)),
        (
            pa.array([[{"raw": "a"}], None, []], pa.list_(pa.struct([("raw", pa.string())]))),
            pa.large_list(pa.struct([("raw", TEXT)])),
        ),
        (pa.array([{"bytes": b"x", "path": None}, None], STRUCT), pa.struct([("bytes", BYTES), ("path", pa.null())])),
        (pa.array([None, None, None]), pa.null()),
        (pa.array([1.5, None], pa.float32()), pa.float32()),
        (pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["a", None])), TEXT),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_values_stay_and_types_are_few(values: pa.Array, kind: pa.DataType) -> None:
    for part in (values, values[1:], values[:0]):
        found = plain(part)
        found.validate(full=True)
        assert found.type == kind == plain_type(values.type)
        assert found.to_pylist() == part.to_pylist()


@pytest.mark.parametrize("kind", [pa.list_(pa.uint8()), pa.large_list(pa.uint8()), pa.list_(pa.uint8(), 2)])
def test_a_list_of_numbers_that_are_bytes_is_a_byte_string(kind: pa.DataType) -> None:
    values = pa.array([[1, 2], None, [3, 255]], kind)
    assert plain(values).to_pylist() == [b"\1\2", None, b"\3\xff"]
    assert plain(values[2:]).to_pylist() == [b"\3\xff"]
    assert plain(values).type == plain_type(kind) == BYTES
