"""The leakage study, printed: the chosen distance is marked, and nothing is divided by zero."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from flows.commands.studies.leakage_study import show_leakage

NUMBERS: dict[str, Any] = {
    "by_distance": [
        {"distance": 0.1, "pairs": 0, "same_class": None},
        {"distance": 0.55, "pairs": 12, "same_class": 0.75},
    ],
    "distance": 0.55,
    "same_pictures": 12,
    "evaluation": 48,
    "train": 100,
    "mirrored": 3,
    "unreadable": 1,
    "seconds": 2.5,
}


def test_numbers_by_distance_and_the_files() -> None:
    console = Console(record=True, width=200, file=io.StringIO())
    show_leakage(NUMBERS, Path("to"), ["leakage.parquet", "leakage.png"], console)
    lines = console.export_text().splitlines()
    cells = [line.replace("│", " ").split() for line in lines]
    assert ["0.10", "0", "–"] in cells
    assert ["0.55", "◄", "12", "75.0%"] in cells
    assert any(line.startswith("12 of 48 evaluation pictures (25.0%)") for line in lines)
    assert [line.strip() for line in lines[-2:]] == ["to/leakage.parquet", "to/leakage.png"]
