"""Numbers as the page says them."""

import math

import numpy as np
import pytest

from tasks.evaluation.scoring.intervals import Interval
from tasks.reporting.page import formats

INTERVAL = Interval(low=-0.0123, high=0.25, over="seeds", units=3)


@pytest.mark.parametrize(
    ("format_of", "value", "expected"),
    [
        (formats.share, 0.5, "50.0"),
        (formats.percent, 0.1234, "12.3 %"),
        (formats.points, 0.052, "+5.2"),
        (formats.points, -0.0517, "−5.2"),
        (formats.integer, 1234567, "1,234,567"),
        (formats.integer, 33.2, "33"),
        (formats.number, 0.5, "0.500"),
        (formats.number, 0, "0.000"),
        (formats.number, -0.00123456, "−0.00123"),
        (formats.number, 1e-7, "1e−07"),
        (formats.digits, 0.123456, "0.1235"),
        (formats.digits, -1.5, "−1.5"),
        (formats.two_digits, 0.123456, "0.12"),
        (formats.compact, 12345.6, "12,346"),
        (formats.compact, 3.14159, "3.14"),
        (formats.compact, -100, "−100"),
        (formats.bounds, INTERVAL, "[−1.2, 25.0]"),
        (formats.signed_bounds, INTERVAL, "[−1.2, +25.0]"),
        (formats.metric_name, "acc1", "top-1 accuracy"),
        (formats.metric_name, "image_retrieval_recall@5", "image retrieval recall@5"),
    ],
)
def test_numbers_are_said(format_of: object, value: object, expected: str) -> None:
    assert callable(format_of)
    assert format_of(value) == expected


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("format_of", [formats.share, formats.integer, formats.number, formats.digits, formats.compact])
def test_what_does_not_exist_is_a_dash(format_of: object, value: float | None) -> None:
    assert callable(format_of)
    assert format_of(value) == formats.MISSING


def test_no_interval_is_a_dash() -> None:
    assert formats.bounds(None) == formats.signed_bounds(None) == formats.MISSING


def test_no_difference_has_no_sign() -> None:
    assert formats.points(-0.0001) == formats.points(0.0001) == formats.points(0) == "0.0"


@pytest.mark.parametrize("value", [7, 7.0, np.float64(7), np.float32(7), np.int64(7)])
def test_numbers_of_numpy_read_like_those_of_python(value: float) -> None:
    assert formats.number(value) == "7.000" and formats.integer(value) == "7" and formats.compact(value) == "7"


def test_a_change_says_whether_it_can_be_told_from_none() -> None:
    assert formats.change((0.3, 0.1, 0.5)) == "+30.0 % [+10.0, +50.0]"
    assert formats.change((-0.3, -0.5, -0.1)) == "−30.0 % [−50.0, −10.0]"
    assert formats.change((0.1, -0.1, 0.3)).endswith("[−10.0, +30.0], not distinguishable from no change")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (112, "112th")],
)  # fmt: skip
def test_ordinals(number: int, expected: str) -> None:
    assert formats.ordinal(number) == expected


def test_bars_are_relative_to_the_widest() -> None:
    assert [float(formats.width(rows, 40)) for rows in (0, 10, 40)] == [0, 25, 100]
    assert formats.width(0, 0) == "0.00"
