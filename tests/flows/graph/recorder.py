"""An engine that runs nothing and remembers what it was asked for; every result is its run's label."""

from collections.abc import Sequence
from typing import Any

from storage.caching.stage import Stage
from tasks.reporting.inputs.stage_outputs import Curation, Screening


class Recorder:
    """An engine: the graph never looks at results, so a label does for each."""

    def __init__(self) -> None:
        self.submitted: dict[str, dict[str, Any]] = {}
        self.stages: dict[str, str] = {}
        self.after: dict[str, tuple[object, ...]] = {}

    def submit(self, stage: Stage, *, label: str, after: Sequence[object] = (), **inputs: object) -> str:
        assert label not in self.submitted, f"two runs are called {label!r}"
        self.submitted[label] = inputs
        self.stages[label] = stage.name
        self.after[label] = tuple(after)
        return label

    def finish(self) -> list[Any]:
        return []


def screening() -> Screening:
    """What screening hands on, as labels."""
    groups: Any = ["pairs 0", "pairs 1"]
    return Screening(groups)


def curation() -> Curation:
    """What curation hands on, as labels."""
    each = ["{} 0", "{} 1"]
    groups: dict[str, Any] = {
        name: [label.format(name) for label in each] for name in ("match", "select", "gather", "thin")
    }
    ones: dict[str, Any] = {name: name for name in ("entries", "balanced", "scaled", "realised")}
    return Curation(
        ones["entries"], groups["match"], ones["balanced"], ones["scaled"], groups["select"], ones["realised"],
        groups["gather"], groups["thin"],
    )  # fmt: skip
