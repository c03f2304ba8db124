"""What a processor prepares, and vectors of length 1."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import Encoders, Pace, Prepared, open_encoders, unit_rows
from tasks.embedding.pictures.decoding import Undecodable
from tasks.embedding.record import EncoderFiles
from tests.paths import CASES
from tests.pictures import noise
from tests.tasks.embedding.conftest import png
from tests.tasks.embedding.model_folders import write_timm

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
    encoders = open_encoders(PIXELS, EncoderFiles(), "cpu")
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


@pytest.mark.parametrize("resize", ["shortest", "longest", "squash"])
def test_a_strip_is_one_fault_and_no_loss_of_the_batch(resize: str) -> None:
    """At side 224 the strip was resized to 1.5 GB; by its longest side nothing was left of it, and the stage ended."""
    strip = (CASES / "strip_1x10000.png").read_bytes()
    config = EmbeddingConfig.model_validate(
        {"modality": "image", "architecture": {"name": "equipoise-tiny-vit", "image_size": 224, "resize": resize}}
    )
    encoder = open_encoders(config, EncoderFiles(), "cpu").image
    assert encoder is not None
    prepared = encoder.prepare([png(0), strip, png(1)])
    if resize == "squash":
        assert prepared.places == [0, 1, 2]
        return
    assert prepared.places == [0, 2] and list(prepared.faults) == [1]
    fault = prepared.faults[1]
    expected = ("too many pixels", "224 × 2240000") if resize == "shortest" else ("unreadable image", "no place")
    assert fault.reason == expected[0] and expected[1] in fault.detail


def test_a_photograph_on_its_side_and_its_upright_copy_have_one_vector() -> None:
    """They were 1.48 apart."""
    photograph = noise(60, 40, 60).resize((600, 400)).convert("RGB")
    lying, exif, upright = io.BytesIO(), Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    photograph.transpose(Image.Transpose.ROTATE_90).save(lying, "JPEG", exif=exif)
    photograph.save(upright, "PNG")
    encoders = open_encoders(PIXELS, EncoderFiles(), "cpu")
    assert encoders.image is not None
    inputs = encoders.image.prepare([lying.getvalue(), upright.getvalue()]).inputs
    assert inputs is not None
    first, second = unit_rows(inputs.numpy())
    assert np.linalg.norm(first - second) < 0.15  # JPEG moves a value over an edge of its rounding now and then


@pytest.mark.parametrize("changes", [{"precision": "bfloat16"}, {"channels_last": True}])
def test_faster_ways_stay_near(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_timm(tmp_path / "timm")
    pixels = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for files in (EncoderFiles(), EncoderFiles(image_model=tmp_path / "timm")):
        config = EmbeddingConfig(modality="image")
        plain, fast = (open_encoders(each, files, "cpu") for each in (config, config.model_copy(update=changes)))
        side = 64 if files.image_model else 32
        given = pixels[:, :, :side, :side]
        near, exact = fast.images(given), plain.images(given)
        assert near.dtype == np.float32 and near.shape == exact.shape
        cosines = (near * exact).sum(axis=1)
        assert (cosines > (0.99 if "precision" in changes else 1 - 1e-6)).all()
        if "precision" in changes:
            assert not np.array_equal(near, exact)  # bf16 it was
        assert fast.pace.rate() is not None and plain.pace.rate(2) == pytest.approx(2 * plain.pace.rate())


def test_the_pace_is_that_of_the_calls() -> None:
    pace = Pace()
    assert pace.rate() is None
    pace.add(10, 2.0)
    pace.add(20, 4.0)
    assert pace.rate() == 5 and pace.rate(3) == 15


@pytest.mark.slow
def test_compiled_encoders_encode_alike() -> None:
    pixels = torch.rand(6, 3, 32, 32)
    config = EmbeddingConfig(modality="image")
    plain, compiled = (open_encoders(config.model_copy(update={"compile": each}), EncoderFiles(), "cpu")
                       for each in (False, True))  # fmt: skip
    np.testing.assert_allclose(compiled.images(pixels), plain.images(pixels), atol=1e-5)


def test_a_batch_without_a_picture_needs_no_pinned_memory() -> None:
    nothing = Prepared(None, [], {0: Undecodable("missing image", "no bytes")})
    assert nothing.pinned() is nothing


@pytest.mark.skipif(not torch.cuda.is_available(), reason="page-locked memory needs a CUDA device")
def test_a_pinned_batch_holds_the_same() -> None:
    prepared = Prepared(torch.rand(2, 3, 4, 4), [0, 2], {})
    pinned = prepared.pinned()
    assert pinned.inputs is not None and pinned.inputs.is_pinned() and torch.equal(pinned.inputs, prepared.inputs)
    assert pinned.places == [0, 2]
