"""Which rows go, and which stay for them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.screening.duplicates.rows_to_drop import SameAs, Worth, related, rows_to_drop


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.randoms())
def test_the_lowest_id_stays_whatever_the_order(links: list[tuple[int, int]], random: object) -> None:
    def dropped(pairs: list[tuple[int, int]]) -> pa.Table:
        ends = np.array(pairs, np.uint64).reshape(-1, 2)
        return rows_to_drop([SameAs(ends[:, 0], ends[:, 1], "same")])

    table = dropped(links)
    groups = {value: {value} for value in range(10)}
    for a, b in links:
        joined = groups[a] | groups[b]
        for member in joined:
            groups[member] = joined
    expected = [(value, min(groups[value])) for value in range(10) if value != min(groups[value])]
    assert list(zip(table["id"].to_pylist(), table["kept"].to_pylist(), strict=True)) == expected
    random.shuffle(links)  # type: ignore[attr-defined]
    assert dropped([(b, a) for a, b in links]).equals(table)


def test_a_row_is_dropped_for_one_that_stays() -> None:
    """1, 2 and 3 are the same; 1 is a leak, so 2 stays and 3 goes. Of 4 and 5, both leaks, nothing is listed."""
    relation = SameAs(np.array([2, 3, 5], np.uint64), np.array([1, 2, 4], np.uint64), "same")
    table = rows_to_drop([relation], np.array([1, 4, 5], np.uint64))
    assert table.to_pylist() == [{"id": 3, "kept": 2, "reason": "same"}]


def test_the_first_relation_gives_the_reason_and_nothing_gives_nothing() -> None:
    one, two = (np.array([value], np.uint64) for value in (1, 2))
    table = rows_to_drop([SameAs(two, one, "equal image"), SameAs(one, two, "near-duplicate")])
    assert table.to_pylist() == [{"id": 2, "kept": 1, "reason": "equal image"}]
    empty = np.empty(0, np.uint64)
    assert rows_to_drop([]).num_rows == rows_to_drop([SameAs(empty, empty, "same")]).num_rows == 0


@pytest.mark.parametrize("kind", [list, np.int64, np.uint64])
def test_large_ids_are_kept_apart_whatever_holds_them(kind: type) -> None:
    """Two ids that are one number in float64."""
    low, high = 2**62, 2**62 + 1
    same = [[high, 5], [low, 4]] if kind is list else np.array([[high, 5], [low, 4]], kind)
    table = rows_to_drop([SameAs(same[0], same[1], "same")], same[1][1:])  # type: ignore[arg-type]
    assert table.to_pylist() == [{"id": high, "kept": low, "reason": "same"}]


def test_ids_that_are_floats_are_refused() -> None:
    with pytest.raises(TypeError, match="64-bit"):
        rows_to_drop([SameAs(np.array([1.0]), np.array([2.0]), "same")])  # type: ignore[arg-type]


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.uint64)


def test_the_row_that_is_worth_most_stays() -> None:
    """Of 1, 2 and 3 the second; where it is gone, of the two that are worth alike the lower; 4 and 5 are not named."""
    same = [SameAs(ids(2, 3, 5), ids(1, 2, 4), "same")]
    worth = Worth(ids(1, 2, 3), np.array([7, 9, 7]))
    assert related(same).tolist() == [1, 2, 3, 4, 5]
    assert rows_to_drop(same, worth=worth).to_pylist() == [
        {"id": 1, "kept": 2, "reason": "same"},
        {"id": 3, "kept": 2, "reason": "same"},
        {"id": 5, "kept": 4, "reason": "same"},
    ]
    assert rows_to_drop(same, ids(2), worth)["kept"].to_pylist() == [1, 4]


def test_the_reason_is_true_of_the_row_and_the_one_that_is_kept() -> None:
    """2 and 3 are equal, and 3 is near 1: that 2 goes for 1 is for nearness, though 2 is equal to something."""
    relations = [SameAs(ids(3), ids(2), "equal pair"), SameAs(ids(3), ids(1), "near-duplicate")]
    assert rows_to_drop(relations).to_pylist() == [
        {"id": 2, "kept": 1, "reason": "near-duplicate"},
        {"id": 3, "kept": 1, "reason": "near-duplicate"},
    ]
    reasons = rows_to_drop(relations, worth=Worth(ids(2), np.array([1])))
    assert dict(zip(reasons["id"].to_pylist(), reasons["reason"].to_pylist(), strict=True)) == {
        1: "near-duplicate", 3: "equal pair"
    }  # fmt: skip
