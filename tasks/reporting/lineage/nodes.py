"""Which output came from which: the stage runs of a flow, and `lineage.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from pydantic import JsonValue

from tasks.checks import Verdict, verdicts
from tasks.limits import Finding

State = Literal["ran", "cached", "failed", "blocked"]
STATES: tuple[State, ...] = ("ran", "cached", "failed", "blocked")


@dataclass(frozen=True)
class LineageNode:
    """One stage run of a flow.

    Attributes:
        label: what people call it (`train balanced, seed 0`).
        stage: the kind of run.
        key: of its manifest.
        digest: of its manifest; "" when there is no output.
        parents: the keys of its inputs.
        state: `blocked` is a run that never started because an earlier one failed, or was refused by a check.
        seconds: of the computation; None where nothing was computed.
        stats: numbers worth showing.
        version: the stage's, part of its key.
        code: fingerprint of the stage's code, part of its key.
        parameters: what else its key is made of.
        why: why it ran, or which run made what was reused, a phrase each.
        rows: rows of its output, in the stage's own sense; None where it has none.
        inputs: its inputs that have rows, each as key, stage and rows.
        folder: where its output lies; "" when there is none.
        checks: what the checks say of its output.
    """

    label: str
    stage: str
    key: str
    digest: str
    parents: tuple[str, ...]
    state: State
    seconds: float | None = None
    stats: Mapping[str, JsonValue] = field(default_factory=dict)
    version: int = 1
    code: str = ""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    rows: int | None = None
    inputs: tuple[tuple[str, str, int], ...] = ()
    folder: str = ""
    checks: tuple[Finding, ...] = ()


def rows_in(nodes: Iterable[LineageNode]) -> dict[str, int]:
    """Rows of all inputs of some runs by the stage that made them; what several runs read counts once."""
    found: dict[str, int] = {}
    for _, stage, rows in dict.fromkeys(each for node in nodes for each in node.inputs):
        found[stage] = found.get(stage, 0) + rows
    return found


def checked(nodes: Iterable[LineageNode]) -> list[Verdict]:
    """The checks of a flow, a line for each check and stage, what failed first."""
    return verdicts((node.label, node.stage, finding) for node in nodes for finding in node.checks)


def lineage_json(nodes: Sequence[LineageNode]) -> dict[str, JsonValue]:
    """The content of `lineage.json`: a node a stage run, edges by key, checks, and counts by state."""
    known = {node.key for node in nodes}
    return {
        "nodes": [
            {
                "label": node.label,
                "stage": node.stage,
                "key": node.key,
                "digest": node.digest,
                "state": node.state,
                "seconds": node.seconds,
                "why": list(node.why),
                "rows": node.rows,
                "stats": dict(node.stats),
                "version": node.version,
                "code": node.code,
                "parameters": dict(node.parameters),
                "checks": [asdict(finding) for finding in node.checks],
            }
            for node in nodes
        ],
        "edges": [
            {"from": parent, "to": node.key}
            for node in nodes
            for parent in dict.fromkeys(node.parents)
            if parent in known
        ],
        "checks": [asdict(verdict) | {"word": verdict.word, "runs": list(verdict.runs)} for verdict in checked(nodes)],
        "states": {state: sum(node.state == state for node in nodes) for state in STATES},
    }
