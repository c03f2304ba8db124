"""Points of every kind of number, and repetitions put aside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from storage.errors import InputError
from tasks.geometry.neighbours.distinct_points import checked_points, distinct_points
from tests.tasks.geometry.conftest import gaussian

WHOLE = np.random.default_rng(0).integers(0, 100, (40, 3))


@settings(max_examples=80, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(0, 30), st.integers(1, 3)), elements=st.sampled_from([-0.0, 0.0, 1.0])))
def test_equals_numpy_unique_in_order_of_appearance(points: np.ndarray) -> None:
    found = distinct_points(points)
    _, first, inverse = np.unique(points + np.float32(0), axis=0, return_index=True, return_inverse=True)
    assert found.first.tolist() == sorted(first.tolist())
    assert (found.points[found.group] == points).all()
    assert found.first[found.group].tolist() == first[inverse.reshape(-1)].tolist()
    assert found.duplicates().tolist() == sorted(set(range(len(points))) - set(first.tolist()))


@pytest.mark.parametrize(
    "given_as",
    [
        WHOLE.tolist(),
        WHOLE.astype(np.uint8),
        WHOLE.astype(np.float16),
        WHOLE.astype(np.float64),
        WHOLE.astype(">f4"),
        WHOLE.astype(object),
        np.asfortranarray(WHOLE.astype(np.float32)),
        np.repeat(WHOLE.astype(np.float32), 2, axis=1)[:, ::2],
    ],
    ids=["lists", "uint8", "float16", "float64", "big-endian", "object", "Fortran", "strided"],
)
def test_every_kind_of_number_gives_the_same_points(given_as: object) -> None:
    matrix, scale = checked_points(given_as)
    assert matrix.dtype == np.float32 and matrix.flags.c_contiguous and scale == 1
    assert np.array_equal(matrix, WHOLE.astype(np.float32))


@pytest.mark.parametrize("kind", [np.float64, np.int64])
@pytest.mark.parametrize("offset", [10**9, -(2**40)])
def test_wide_numbers_keep_their_differences_far_from_zero(kind: type, offset: int) -> None:
    """They were rounded to float32 where they lie: points a million apart fell together."""
    matrix, scale = checked_points((WHOLE + offset).astype(kind))
    difference = matrix[:, None].astype(np.float64) - matrix[None]
    assert np.array_equal(difference * scale, WHOLE[:, None] - WHOLE[None])


@pytest.mark.parametrize("factor", [1e-300, 1e-20, 1e20, 1e300])
def test_the_scale_is_a_power_of_two_that_keeps_every_digit(factor: float) -> None:
    points = gaussian(20, 3).astype(np.float64) * factor
    matrix, scale = checked_points(points)
    assert np.log2(scale) == round(np.log2(scale)) and 1 <= np.abs(matrix).max() < 2
    np.testing.assert_allclose(matrix.astype(np.float64) * scale, points, rtol=1e-7)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros(5), "matrix"),
        (np.zeros((5, 0)), "matrix"),
        (np.zeros((2, 2, 2)), "matrix"),
        ([], "matrix"),
        (3.0, "matrix"),
        ([[1, 2], [3]], "matrix of numbers"),
        ([["a"]], "real numbers"),
        ([[1j]], "real numbers"),
        ([[0.0], [np.inf]], "point 1"),
        (np.array([[np.nan], [0.0]], np.float32), "point 0"),
    ],
)
def test_what_is_no_matrix_of_finite_numbers_is_one_clear_error(points: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        checked_points(points)


def test_the_points_given_are_not_written_to() -> None:
    points = gaussian(10, 3)
    points.flags.writeable = False
    assert np.array_equal(checked_points(points)[0], points)
