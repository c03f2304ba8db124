"""The run before: its lineage and numbers stay when a run of the same configuration brings something else."""

import json
from collections.abc import Sequence
from pathlib import Path

from flows.engine.engine import Node
from storage.atomic import write_whole

BEFORE, EARLIER = "before", "earlier"
KEPT = ("lineage.json", "summary.json")


def keep_the_run_before(folder: Path, nodes: Sequence[Node]) -> None:
    """Copy what lies in a run's folder to `before/`, if it is of a whole run and differs from what `nodes` brought.

    A night that failed takes nobody's place, so that the night after it is compared with the last whole one.
    """
    try:
        known = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))["nodes"]
        digests = {node["label"]: node["digest"] for node in known}
    except (OSError, ValueError, KeyError, TypeError):
        return
    found = {node.label: node.manifest.digest if node.manifest else "" for node in nodes}
    if not all(digests.values()) or digests == found:
        return
    (folder / BEFORE).mkdir(exist_ok=True)
    for name in KEPT:
        if (folder / name).is_file():
            write_whole(folder / BEFORE / name, (folder / name).read_bytes())


def run_before(folder: Path) -> Path | None:
    """Where the run before a folder's last one is told of: of the same configuration, or else of the one before it."""
    asides = sorted((folder / EARLIER).glob("*"), reverse=True)  # named by the time; `before` moves along with them
    return next((each for each in (folder / BEFORE, *asides) if (each / "lineage.json").is_file()), None)
