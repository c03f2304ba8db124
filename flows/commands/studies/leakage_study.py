"""The leakage study, printed: how many evaluation pictures have a copy in the training data, by distance."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


def show_leakage(numbers: dict[str, Any], to: Path, files: Sequence[str], console: Console) -> None:
    """Print the numbers of `tasks.screening.pictures.study`, and the files that it wrote to the folder `to`."""
    table = Table(title="evaluation pictures with a training picture this near")
    for heading in ("distance", "pictures", "same class"):
        table.add_column(heading, justify="right")
    for row in numbers["by_distance"]:
        agreement = "–" if row["same_class"] is None else f"{row['same_class']:.1%}"
        chosen = " ◄" if row["distance"] == numbers["distance"] else ""
        table.add_row(f"{row['distance']:.2f}{chosen}", str(row["pairs"]), agreement)
    console.print(table)
    console.print(
        f"{numbers['same_pictures']} of {numbers['evaluation']} evaluation pictures "
        f"({numbers['same_pictures'] / numbers['evaluation']:.1%}) are in the {numbers['train']} training pictures "
        f"within {numbers['distance']}, {numbers['mirrored']} of them mirrored; {numbers['unreadable']} unreadable; "
        f"{numbers['seconds']} s. Judge the distance by leakage-border.png.",
        highlight=False,
    )
    for name in files:
        console.print(str(to / name), highlight=False, markup=False)
