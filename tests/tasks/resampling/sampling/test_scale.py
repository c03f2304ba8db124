"""The scale that meets a size exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.resampling.sampling.scale import scale_for_size


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    share=st.floats(0.001, 1.0),
    most=st.sampled_from([1.0, 3.0]),
)
def test_scale_meets_the_size_exactly(weights: list[float], share: float, most: float) -> None:
    weight = np.array(weights)
    positive = int((weight > 1e-290).sum())
    weight[weight <= 1e-290] = 0
    if positive == 0:
        with pytest.raises(InputError):
            scale_for_size(weight, 1, most)
        return
    size = share * most * positive
    scale = scale_for_size(weight, size, most)
    assert np.minimum(most, scale * weight).sum() == pytest.approx(size, rel=1e-9)


def test_closed_forms() -> None:
    assert scale_for_size(np.array([1.0, 1.0, 2.0]), 2, 10.0) == 0.5
    assert scale_for_size(np.array([1.0, 3.0]), 1.5, 1.0) == 0.5  # the second is full, the first brings the rest
    assert scale_for_size(np.array([0.0, 0.25, 1.0]), 2, 1.0) == 4.0


def test_weights_may_be_a_list_of_whole_numbers() -> None:
    for size in (2, np.int32(2), np.float32(2)):
        assert scale_for_size([1, 0, 3], size, 3) == 0.5
