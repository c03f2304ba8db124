"""A training's latest numbers in a file of its scratch directory, for whoever follows it from outside."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

JOURNAL = "journal.jsonl"
"""A line every two seconds: the numbers of the step that was last read. The results hold every step."""


class Journal:
    """Writes the journal of one training; the first of several ranks writes, and nobody where there is no scratch."""

    def __init__(self, scratch: Path | None) -> None:
        first = os.environ.get("RANK", "0") == "0"
        self._path = None if scratch is None or not first else scratch / JOURNAL

    def begin(self) -> None:
        """The training starts or goes on: what an interrupted one wrote is left out."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(b"")

    def note(self, step: int, numbers: Mapping[str, float]) -> None:
        """The numbers after `step` steps; what was not measured is left out. A full disk costs the line, no more."""
        if self._path is None:
            return
        measured = {name: value for name, value in numbers.items() if math.isfinite(value)}
        try:
            with open(self._path, "ab", buffering=0) as file:
                file.write((json.dumps({"step": step} | measured) + "\n").encode())
        except OSError:
            self._path = None
