"""Numbers as the commands print them."""

import pytest

from flows.commands.console import percent


@pytest.mark.parametrize(
    ("share", "digits", "printed"),
    [(0.5, ".1f", "50.0"), (None, ".1f", "–"), (0.12345, ".3g", "12.3"), (0, ".1f", "0.0")],
)
def test_a_share_is_hundredths_or_a_dash(share: float | None, digits: str, printed: str) -> None:
    assert percent(share, digits) == printed
