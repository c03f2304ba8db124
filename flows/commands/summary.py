"""The result of a run, printed: scores by variant, and where the report lies."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.commands.console import percent


def show_summary(folder: Path, console: Console) -> None:
    """Print `summary.json` as a plain table (mean over seeds, interval, every seed) and name the files."""
    path = folder / "summary.json"
    if not path.is_file():
        return
    summary = json.loads(path.read_text(encoding="utf-8"))
    variants = summary.get("variants", {})
    if variants:
        console.print(_scores(variants))
    screening = summary.get("screening") or {}
    if dropped := screening.get("dropped"):
        why = ", ".join(f"{rows:,} {reason}" for reason, rows in dropped.items())
        line = f"screening dropped {sum(dropped.values()):,} of {screening['rows']:,} rows: {why}"
        console.print(line, highlight=False, markup=False)
    for name in ("report.html", "summary.json", "lineage.json"):
        if (folder / name).is_file():
            console.print(f"{folder / name}", highlight=False, markup=False)


def _scores(variants: dict[str, dict[str, dict[str, Any]]]) -> Table:
    table = Table("variant", "benchmark", box=None, header_style="bold", pad_edge=False)
    table.add_column("mean per-class recall", justify="right")
    table.add_column("interval over seeds", justify="right")
    table.add_column("each seed")
    for variant, benchmarks in variants.items():
        for benchmark, score in benchmarks.items():
            interval = score.get("interval")
            table.add_row(
                variant,
                benchmark,
                percent(score.get("mean")),
                f"{percent(interval[0])} to {percent(interval[1])}" if interval else "one seed",
                "  ".join(percent(value) for value in score.get("seeds", {}).values()),
            )
    return table
