"""Which ids are drawn, and how often: looked up exactly, in whatever type ids come."""

import numpy as np
import pyarrow as pa
import pytest

from tasks.training.data.selection import Selection

TABLE = pa.table(
    {
        "id": pa.array([2**63 + 1, 5, 2**63 + 3, 9], pa.uint64()),
        "multiplicity": pa.array([2, 1, 3, 0], pa.uint16()),
        "weight": pa.array([0.5, 1.5, 0.0, 2.0]),
    }
)


def test_ids_ascend_and_none_of_no_copies() -> None:
    selection = Selection.of(TABLE)
    assert selection.ids.tolist() == [5, 2**63 + 1, 2**63 + 3]
    assert selection.copies.tolist() == [1.0, 2.0, 3.0]
    assert Selection.of(TABLE, "weight").ids.tolist() == [5, 9, 2**63 + 1]


def test_neighbouring_large_ids_are_told_apart() -> None:
    asked = np.array([2**63 + 1, 2**63 + 2, 2**63 + 3, 9, 5, 0, 2**64 - 1], dtype=np.uint64)
    assert Selection.of(TABLE)(asked).tolist() == [2, 0, 3, 0, 1, 0, 0]


@pytest.mark.parametrize("asked", (np.array([2**62, 2**62 + 1, 2**62 + 2, 5]), [2**62, 2**62 + 1, 2**62 + 2, 5]))
def test_ids_in_other_types_are_not_rounded(asked) -> None:
    table = pa.table({"id": pa.array([2**62, 2**62 + 1, 2**62 + 2], pa.uint64()), "multiplicity": [4, 5, 6]})
    assert Selection.of(table)(asked).tolist() == [4, 5, 6, 0]


def test_nothing_is_selected() -> None:
    assert Selection(np.empty(0, np.uint64), np.empty(0))(np.array([1, 2], dtype=np.uint64)).tolist() == [0, 0]
