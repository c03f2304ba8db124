"""Arrow's types as ingest tells them apart."""

import pyarrow as pa

from tasks.ingest.columns.cells import as_bytes, is_bytes, is_list, is_text, keys_of


def test_keys_are_texts_or_whole_numbers() -> None:
    assert keys_of(pa.array(["a", None])).to_pylist() == [b"a", None]
    assert keys_of(pa.array([2**64 - 1, None], pa.uint64())).to_pylist() == [b"18446744073709551615", None]
    assert keys_of(pa.array([-(2**63)])).to_pylist() == [str(-(2**63)).encode()]


def test_bytes_that_are_not_utf8_stay() -> None:
    raw = pa.array([b"caf\xc3\xa9", None, b"a\xff"], pa.binary())
    assert as_bytes(pa.Array.from_buffers(pa.string(), 3, raw.buffers())).to_pylist() == raw.to_pylist()


def test_kinds() -> None:
    assert is_text(pa.large_string()) and not is_text(pa.binary())
    assert is_bytes(pa.large_binary()) and not is_bytes(pa.string())
    assert is_list(pa.large_list(pa.int8())) and not is_list(pa.string())
