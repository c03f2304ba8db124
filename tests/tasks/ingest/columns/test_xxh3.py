"""The compiled hash says of every text what the xxhash package says."""

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.tables import ids
from tasks.ingest.columns.xxh3 import LONGEST, hashes, row_ids


@pytest.mark.parametrize("prefix", [b"", b"source\0", b"x" * 239, b"x" * 300])
def test_every_length_up_to_four_hundred(prefix: bytes) -> None:
    rng = np.random.default_rng(7)
    texts = [rng.bytes(length) for length in range(401) for _ in range(3)]
    found = hashes(pa.array(texts, pa.large_binary()), prefix)
    assert found.tolist() == [xxhash.xxh3_64_intdigest(prefix + text) for text in texts]


@settings(deadline=None)
@given(texts=st.lists(st.binary(max_size=400), max_size=8), prefix=st.binary(max_size=30), skip=st.integers(0, 8))
@example(texts=[b"\xff" * LONGEST, b"\0" * (LONGEST + 1)], prefix=b"", skip=0)
def test_any_bytes_in_any_slice(texts: list[bytes], prefix: bytes, skip: int) -> None:
    found = hashes(pa.array(texts, pa.large_binary())[skip:], prefix)
    assert found.tolist() == [xxhash.xxh3_64_intdigest(prefix + text) for text in texts[skip:]]


@settings(deadline=None)
@given(source=st.text(), keys=st.lists(st.text(max_size=300), max_size=5))
def test_ids_are_those_of_the_store(source: str, keys: list[str]) -> None:
    assert (
        row_ids(source, pa.array(keys, pa.large_string()).cast(pa.large_binary())).tolist()
        == ids.row_ids(source, keys).tolist()
    )


def test_nulls_take_a_place_and_no_more() -> None:
    assert hashes(pa.array([b"a", None, b"b"], pa.large_binary()))[[0, 2]].tolist() == [
        xxhash.xxh3_64_intdigest(text) for text in (b"a", b"b")
    ]
