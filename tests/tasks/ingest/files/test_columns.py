"""Arrow columns of every type that is read, as Python values."""

import pyarrow as pa
import pytest

from tasks.ingest.files.columns import caption_values, image_values, is_bytes, is_list, is_text, key_values, text_values


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_texts_and_bytes_that_are_none(kind: pa.DataType) -> None:
    raw = pa.array([b"caf\xc3\xa9", None, b"a\xff"], pa.binary())
    broken = (
        pa.Array.from_buffers(pa.string(), 3, raw.buffers()).cast(kind, safe=False) if kind == pa.string() else None
    )
    assert text_values(pa.array(["café", None, ""], kind)) == ["café", None, ""]
    if broken is not None:
        assert text_values(broken) == ["café", None, "a\udcff"]


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())])
def test_captions_are_a_text_or_several(kind: pa.DataType) -> None:
    assert caption_values(pa.array(["a", None])) == ["a", None]
    assert caption_values(pa.array([["a", None], None, []], kind)) == [["a", None], None, []]
    assert caption_values(pa.array([["a"], ["b", "c"], ["d"]], kind)[1:]) == [["b", "c"], ["d"]]


def test_images_are_structs_bytes_or_paths() -> None:
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": b"x", "path": "p"}, None, {"bytes": None, "path": "q"}], struct)
    assert image_values(cells) == [(b"x", "p"), (None, None), (None, "q")]
    assert image_values(pa.array([{"bytes": b"x"}], pa.struct([("bytes", pa.binary())]))) == [(b"x", None)]
    assert image_values(pa.array([b"x", None], pa.large_binary())) == [(b"x", None), (None, None)]
    assert image_values(pa.array(["p", None])) == [(None, "p"), (None, None)]


def test_keys_are_texts_or_whole_numbers() -> None:
    assert key_values(pa.array(["a", None])) == ["a", None]
    assert key_values(pa.array([2**64 - 1, None], pa.uint64())) == ["18446744073709551615", None]


def test_kinds() -> None:
    assert is_text(pa.large_string()) and not is_text(pa.binary())
    assert is_bytes(pa.large_binary()) and not is_bytes(pa.string())
    assert is_list(pa.large_list(pa.int8())) and not is_list(pa.string())
