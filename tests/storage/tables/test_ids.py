"""Ids of rows: stable, and read back in every spelling that exports and people use."""

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InputError
from storage.tables.ids import as_ids, read_ids, row_ids, spelled_id

ids = st.integers(0, 2**64 - 1)


def test_an_id_is_the_hash_of_source_and_key() -> None:
    found = row_ids("source", ["a", "\ud800"])
    assert found[0] == xxhash.xxh3_64_intdigest(b"source\0a") and found.dtype == "uint64"
    assert row_ids("sourcea", [""])[0] != row_ids("source", ["a"])[0]


@given(ids)
def test_every_spelling_is_read_back(id_: int) -> None:
    assert id_ in read_ids(str(id_))
    assert id_ in read_ids(spelled_id(id_))
    assert read_ids(hex(id_)) == (id_,) == read_ids(hex(id_).upper())


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "0x", "1.5", "²", "٣", str(2**64), "9" * 5_000, "0x" + "f" * 17, "ab" * 7]
)
def test_other_texts_are_no_ids(text: str) -> None:
    assert read_ids(text) == ()


@pytest.mark.parametrize("kind", [list, tuple, lambda ids: np.array(ids, np.uint64)])
def test_ids_of_any_kind_are_uint64(kind) -> None:
    """numpy makes floats of a list that mixes large and small ids, in which neighbours are the same."""
    large = [2**63 + 1, 2**63 + 2, 5]
    found = as_ids(kind(large))
    assert found.dtype == np.uint64 and found.tolist() == large


def test_floats_are_no_ids() -> None:
    assert as_ids([]).tolist() == as_ids(np.zeros(0)).tolist() == []
    assert as_ids(np.array([3], np.int32)).dtype == np.uint64
    for wrong in ([1.0], np.array([1.0])):
        with pytest.raises(TypeError):
            as_ids(wrong)


@pytest.mark.parametrize("wrong", [[3, -1], [3, 2**64], np.array([3, -1])])
def test_a_number_that_no_id_can_be_is_named(wrong) -> None:
    with pytest.raises(InputError, match=r"ids\[1\] is (-1|18446744073709551616); an id is a whole number"):
        as_ids(wrong)
