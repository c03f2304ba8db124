"""Labels and scores, whatever they were written as."""

import pyarrow as pa
import pytest

from tasks.ingest.tables.numbers import labels_of, scores_of


def test_scores_written_as_texts() -> None:
    written = ["1", " 0.5 ", "-2e3", "", "NA", "nan", None, "inf", "high", "1,5", "0x10", ".5", "5."]
    numbers, odd = scores_of(pa.array(written))
    assert numbers.to_pylist() == [1, 0.5, -2000, None, None, None, None, float("inf"), None, None, None, 0.5, 5]
    assert [text for text, wrong in zip(written, odd, strict=True) if wrong] == ["high", "1,5", "0x10"]


@pytest.mark.parametrize("values", [pa.array([1, 0], pa.int8()), pa.array([True, False]), pa.array([1.0, 0.0])])
def test_scores_of_any_number(values: pa.Array) -> None:
    numbers, odd = scores_of(values)
    assert numbers.to_pylist() == [1.0, 0.0] and not odd.any()


def test_labels_that_pandas_made_floats_are_whole_again() -> None:
    labels, odd = labels_of(pa.array([3.0, float("nan"), None, -1.0, 1.5, 1e300]))
    assert labels.to_pylist() == [3, None, None, -1, None, None]
    assert odd.tolist() == [False, False, False, False, True, True]
    assert labels_of(pa.array(["7", "x", ""]))[0].to_pylist() == [7, None, None]
    assert labels_of(pa.array([2**63], pa.uint64()))[0].to_pylist() == [2**63]
    assert labels_of(pa.nulls(2))[0].to_pylist() == [None, None]
