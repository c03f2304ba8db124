"""Shares as commands print them."""

import pytest

from flows.commands.console import percent


@pytest.mark.parametrize(
    ("share", "digits", "shown"),
    [(0.1234, ".1f", "12.3"), (0.1234, ".3g", "12.3"), (0.0, ".1f", "0.0"), (1, ".0f", "100"), (None, ".1f", "–")],
)
def test_a_share_is_a_number_of_hundredths_or_a_dash(share: float | None, digits: str, shown: str) -> None:
    assert percent(share, digits) == shown
