"""The one console that all commands print to."""

from rich.console import Console

console = Console()


def percent(share: float | None, digits: str = ".1f") -> str:
    """A share as a number of hundredths, without the sign; a dash where there is none."""
    return "–" if share is None else f"{100 * share:{digits}}"
