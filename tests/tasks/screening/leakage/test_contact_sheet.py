"""Pictures in their frames, where the eye looks for them."""

import io

import numpy as np
import pytest
from PIL import Image

from tasks.screening.leakage.contact_sheet import contact_sheet

COLOURS = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (9, 9, 9), (90, 180, 0), (0, 90, 180)]


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (50, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(sheet: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))


@pytest.mark.parametrize("size", [(50, 30), (4, 4), (300, 200)])
def test_every_picture_fills_its_own_square(size: tuple[int, int]) -> None:
    rows = [(f"{k}", [plain(COLOURS[2 * k], size), plain(COLOURS[2 * k + 1], size)]) for k in range(3)]
    seen = pixels(contact_sheet(rows, side=20, across=2))
    width, height, gap = 2 * 20 + 6, 20 + 14 + 6, 6
    assert seen.shape == (2 * height + gap, 2 * width + gap, 3)
    for k in range(3):
        left, top = gap + k % 2 * width, gap + k // 2 * height
        for place in range(2):
            square = seen[top : top + 20, left + 20 * place : left + 20 * (place + 1)]
            assert (square == COLOURS[2 * k + place]).all()
    assert (seen[height + gap :, width + gap :] == 255).all()  # no fourth row


def test_what_cannot_be_decoded_is_grey_and_no_rows_are_a_white_sheet() -> None:
    seen = pixels(contact_sheet([("", [b"broken", None])], side=16, across=1))
    assert (seen[6:22, 6:38] == 211).all()
    assert (pixels(contact_sheet([])) == 255).all()


def test_the_same_bytes_for_the_same_rows() -> None:
    rows = [("0.123  leak", [plain(COLOURS[0]), None])]
    assert contact_sheet(rows) == contact_sheet(rows)
