"""Lineage in the Prefect UI: a graph, a table, and an event for each output used."""

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.lineage import describe, write_lineage
from tasks.reporting.lineage import LineageNode, lineage_markdown

FIGURES = 8  # a table's cell holds this many figures of a stage's stats


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


def _row(node: LineageNode) -> dict[str, Any]:
    figures = [f"{name} {value}" for name, value in node.stats.items() if isinstance(value, int | float | str)]
    return {
        "run": node.label,
        "state": node.state,
        "seconds": node.seconds,
        "digest": node.digest[:16],
        "figures": ", ".join(figures[:FIGURES]),
    }
