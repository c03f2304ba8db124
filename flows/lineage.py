"""Lineage: what was used, from what, and whether it ran. To disk always; to the Prefect UI when there is one."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from flows.config.experiment import Experiment
from flows.engine import Node
from tasks.reporting.lineage import LineageNode, lineage_json, lineage_markdown

FIGURES = 8  # a table's cell holds this many figures of a stage's stats


def write_lineage(folder: Path, nodes: Sequence[Node]) -> None:
    """Write `lineage.json` below the run's folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "lineage.json.tmp"
    temporary.write_text(json.dumps(lineage_json(describe(nodes)), indent=1, allow_nan=False), encoding="utf-8")
    os.replace(temporary, folder / "lineage.json")


def publish_lineage(config: Experiment, nodes: Sequence[Node], *, wait_for: list[Any] | None) -> None:
    """Write the lineage to disk and to the Prefect UI: a graph, a table and an event per output used."""
    write_lineage(config.folder, nodes)
    _lineage(config.name, describe(nodes), wait_for=wait_for)


@task(name="lineage", task_run_name="lineage", cache_policy=NO_CACHE, persist_result=False)
def _lineage(name: str, nodes: Sequence[LineageNode]) -> None:
    """Never cached: artifacts made inside a cached task would not appear."""
    create_markdown_artifact(lineage_markdown(nodes, title=f"Lineage of {name}"), key="lineage")
    create_table_artifact([_row(node) for node in nodes], key="stages", description=f"Stage outputs of {name}")
    for node in nodes:
        if node.digest:
            emit_event(
                f"equipoise.{node.stage}.{node.state}",
                resource={"prefect.resource.id": f"equipoise.{node.stage}.{node.key}", "digest": node.digest},
                payload={"label": node.label, "parents": list(node.parents)},
            )


def describe(nodes: Sequence[Node]) -> list[LineageNode]:
    """The nodes as the report draws them; a run that failed, or waited for one that did, has no digest."""
    return [_describe(node) for node in nodes]


def _describe(node: Node) -> LineageNode:
    manifest = node.manifest
    if manifest is None:
        return LineageNode(node.label, node.stage, f"{node.stage}: {node.label}", "", (), node.state,
                           stats={"error": str(node.error)})  # fmt: skip
    return LineageNode(
        label=node.label,
        stage=node.stage,
        key=manifest.key,
        digest=manifest.digest,
        parents=tuple(parent.key for parent in manifest.parents),
        state="ran" if node.state == "ran" else "cached",
        seconds=manifest.seconds if node.state == "ran" else None,
        stats=manifest.stats,
        version=manifest.version,
        code=manifest.code,
        parameters=manifest.parameters,
    )


def _row(node: LineageNode) -> dict[str, Any]:
    figures = [f"{name} {value}" for name, value in node.stats.items() if isinstance(value, int | float | str)]
    return {
        "run": node.label,
        "state": node.state,
        "seconds": node.seconds,
        "digest": node.digest[:16],
        "figures": ", ".join(figures[:FIGURES]),
    }
