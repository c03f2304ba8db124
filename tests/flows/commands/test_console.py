"""Numbers as the commands print them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from flows.commands.console import percent, plain


@pytest.mark.parametrize(
    ("share", "digits", "printed"),
    [(0.5, ".1f", "50.0"), (None, ".1f", "–"), (0.12345, ".3g", "12.3"), (0, ".1f", "0.0")],
)
def test_a_share_is_hundredths_or_a_dash(share: float | None, digits: str, printed: str) -> None:
    assert percent(share, digits) == printed


def test_everything_has_a_json_form() -> None:
    @dataclass
    class Thing:
        path: Path
        value: object

    assert plain(Thing(Path("a/b"), (np.float64(0.5), np.int32(3), float("nan"), True, {1: None}))) == {
        "path": "a/b", "value": [0.5, 3, None, True, {"1": None}]
    }  # fmt: skip
