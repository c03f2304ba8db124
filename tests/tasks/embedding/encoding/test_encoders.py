"""What a processor prepares, and vectors of length 1."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import Encoders, open_encoders, unit_rows
from tests.tasks.embedding.conftest import png

PIXELS = EmbeddingConfig(encoder="pixels", modality="image", pixel_side=4)


def test_rows_without_direction_become_nan() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0], [np.inf, 1], [1e-30, 0]], dtype=np.float32))
    np.testing.assert_allclose(rows[[0, 3]], [[0.6, 0.8], [1, 0]], rtol=1e-6)
    assert np.isnan(rows[[1, 2]]).all()


def test_rows_come_as_they_come() -> None:
    expected = unit_rows(np.array([[3, 4], [0, 5]], np.float32))
    frozen = np.array([[3, 4], [0, 5]], np.float64)
    frozen.flags.writeable = False
    for rows in ([[3, 4], [0, 5]], np.array([[3, 4], [0, 5]]), np.asfortranarray(frozen), frozen.astype(np.float16)):
        found = unit_rows(rows)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(
    arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(1, 6)), elements=st.floats(-9, 9, width=32)),
    st.sampled_from([2.0**-40, 0.5, 4.0, 2.0**40]),
)
def test_only_the_direction_is_kept(rows: np.ndarray, scale: float) -> None:
    found = unit_rows(rows)
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    np.testing.assert_array_equal(np.isnan(found).all(axis=1), norms == 0)
    np.testing.assert_allclose(np.linalg.norm(found[norms > 1e-6], axis=1), 1, rtol=1e-6)
    some = rows[norms > 1e-6]
    np.testing.assert_allclose(unit_rows(some * np.float32(scale)), unit_rows(some), rtol=1e-6, atol=1e-12)


def test_a_batch_is_prepared_with_its_faults_told_apart() -> None:
    encoders = open_encoders(PIXELS, None, None, "cpu")
    assert encoders.text is None and encoders.image is not None
    prepared = encoders.image.prepare([None, png(0), b"broken", png(1)])
    assert prepared.inputs is not None and prepared.inputs.shape == (2, 3 * 4 * 4) and prepared.places == [1, 3]
    assert {place: fault.reason for place, fault in prepared.faults.items()} == {
        0: "missing image",
        2: "unreadable image",
    }
    nothing = encoders.image.prepare([None])
    assert nothing.inputs is None and nothing.places == []


def test_low_precision_rounds_and_does_not_change_the_direction() -> None:
    weights = torch.randn(16, 8, generator=torch.Generator().manual_seed(0))
    inputs = torch.randn(5, 16, generator=torch.Generator().manual_seed(1))
    exact = Encoders(None, None, "cpu", "float32").vectors(lambda x: x @ weights, inputs)
    low = Encoders(None, None, "cpu", "bfloat16").vectors(lambda x: x @ weights, inputs)
    assert exact.dtype == low.dtype == np.float32 and not np.array_equal(exact, low)
    np.testing.assert_allclose((exact * low).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(low, axis=1), 1, rtol=1e-6)
