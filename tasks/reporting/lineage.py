"""Which output came from which: a graph of stages as Mermaid, as JSON and as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from tasks.reporting.inputs.untrusted import displayed, markdown

State = Literal["ran", "cached", "failed", "blocked"]
STATES: tuple[State, ...] = ("ran", "cached", "failed", "blocked")
LABEL = 60
# Beyond this many nodes a drawing is a carpet: nodes of one stage with the same parents' stages are drawn as one.
MOST_NODES = 60


@dataclass(frozen=True)
class LineageNode:
    """One stage run of a flow.

    Attributes:
        label: what people call it (`train balanced, seed 0`).
        stage: the kind of run.
        key: of its manifest.
        digest: of its manifest; "" when there is no output.
        parents: the keys of its inputs.
        state: `blocked` is a run that never started because an earlier one failed.
        seconds: of the computation; None where nothing was computed.
        stats: numbers worth showing.
        version: the stage's, part of its key.
        code: fingerprint of the stage's code, part of its key.
        parameters: what else its key is made of.
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


def lineage_json(nodes: Sequence[LineageNode]) -> dict[str, JsonValue]:
    """The content of `lineage.json`: a node a stage run, edges by key, and counts by state."""
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
                "stats": dict(node.stats),
                "version": node.version,
                "code": node.code,
                "parameters": dict(node.parameters),
            }
            for node in nodes
        ],
        "edges": [
            {"from": parent, "to": node.key}
            for node in nodes
            for parent in dict.fromkeys(node.parents)
            if parent in known
        ],
        "states": {state: sum(node.state == state for node in nodes) for state in STATES},
    }


def lineage_mermaid(nodes: Sequence[LineageNode]) -> str:
    """A Mermaid flow chart; parallel runs of one stage are drawn as one box when there are very many.

    Labels are other people's text in part (benchmark and variant names): quoted, entity-escaped, invisible characters
    spelled out.
    """
    groups = _groups(nodes)
    box = {node.key: f"n{number}" for number, group in enumerate(groups) for node in group}
    lines = ["graph LR"]
    for number, group in enumerate(groups):
        lines.append(f'    n{number}["{_mermaid_label(group)}"]:::{_state(group)}')
    edges = dict.fromkeys((box[parent], box[node.key]) for node in nodes for parent in node.parents if parent in box)
    lines += [f"    {start} --> {end}" for start, end in edges if start != end]
    lines += [
        "    classDef ran fill:#d7efe9,stroke:#0f766f,color:#22262b",
        "    classDef cached fill:#eceae5,stroke:#8b8f98,color:#22262b",
        "    classDef blocked fill:#ffffff,stroke:#8b8f98,color:#6b7281,stroke-dasharray:4",
        "    classDef failed fill:#f9dcdc,stroke:#b42318,color:#22262b",
    ]
    return "\n".join(lines) + "\n"


def lineage_markdown(nodes: Sequence[LineageNode], *, title: str = "Lineage") -> str:
    """The graph and a table of every run: stage, state, seconds, digest."""
    counts = {state: sum(node.state == state for node in nodes) for state in STATES}
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    lines = [
        f"# {markdown(title, LABEL)}",
        "",
        f"{len(nodes)} stages: {said}." if nodes else "No stage was run.",
        "",
        "```mermaid",
        lineage_mermaid(nodes).rstrip(),
        "```",
        "",
        "| stage | run | state | seconds | digest |",
        "|---|---|---|---:|---|",
    ]
    for node in nodes:
        seconds = "" if node.seconds is None else f"{node.seconds:.1f}"
        digest = f"`{node.digest[:16]}`" if node.digest else ""
        lines.append(
            f"| {markdown(node.stage, LABEL)} | {markdown(node.label, LABEL)} | {node.state} | {seconds} | {digest} |"
        )
    return "\n".join(lines) + "\n"


def _groups(nodes: Sequence[LineageNode]) -> list[list[LineageNode]]:
    if len(nodes) <= MOST_NODES:
        return [[node] for node in nodes]
    stage_of = {node.key: node.stage for node in nodes}
    groups: dict[tuple[str, State, tuple[str, ...]], list[LineageNode]] = {}
    for node in nodes:
        origins = tuple(dict.fromkeys(stage_of[parent] for parent in node.parents if parent in stage_of))
        groups.setdefault((node.stage, node.state, origins), []).append(node)
    return list(groups.values())


def _state(group: Sequence[LineageNode]) -> State:
    return group[0].state


def _mermaid_label(group: Sequence[LineageNode]) -> str:
    first = group[0]
    name = first.label if len(group) == 1 else f"{first.stage} × {len(group)}"
    spent = [node.seconds for node in group if node.seconds is not None]
    detail = first.state + (f", {sum(spent):.1f} s" if spent else "")
    return f"{_mermaid(name)}<br/>{detail}"


def _mermaid(text: str) -> str:
    # Mermaid reads #code; as an entity, so every character with a meaning to it or to HTML is spelled that way.
    return "".join(
        character if character.isalnum() or character in " .,:+-_/()×−@=%" else f"#{ord(character)};"
        for character in displayed(text, LABEL)
    )
