"""Lineage in the Prefect UI: a page for a person, a table of every run, and an event for each output made."""

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from flows.config.experiment import Experiment
from flows.naming import artifact_key
from storage.store.store import Store
from tasks.checks import Verdict, counted
from tasks.reporting.lineage.nodes import LineageNode, checked, rows_in
from tasks.reporting.lineage.outcome import outcome
from tasks.reporting.lineage.page import inputs_in_words, lineage_markdown


def publish_lineage(config: Experiment, nodes: Sequence[LineageNode], *, wait_for: list[Any] | None) -> None:
    """Publish a run's lineage to the Prefect UI."""
    more = outcome(nodes, Store(config.runtime.store))

    # Never cached: artifacts made inside a cached task would not appear. Without arguments: Prefect goes through all
    # that they hold, in search of results of other tasks.
    @task(name="lineage", task_run_name="lineage", cache_policy=NO_CACHE, persist_result=False)
    def lineage() -> None:
        """A page for a person, a table of every run, what the checks say, and an event for each output made."""
        _publish(config.name, nodes, more)

    lineage(wait_for=wait_for)


def _publish(name: str, nodes: Sequence[LineageNode], more: Sequence[str]) -> None:
    create_markdown_artifact(
        lineage_markdown(nodes, title=f"Lineage of {name}", more=more),
        key=artifact_key(name, "lineage"),
        description="What ran and why, what came from where, and what came of it",
    )
    create_table_artifact(
        [_row(node) for node in nodes],
        key=artifact_key(name, "stage runs"),
        description=f"Every stage run of {name}; outputs lie below the store at these folders",
    )
    if found := checked(nodes):
        create_table_artifact(
            [_check(each) for each in found],
            key=artifact_key(name, "checks"),
            description=f"What the outputs of {name} were held against: {counted([each.word for each in found])}",
        )
    for node in nodes:
        if node.digest and node.state == "ran":  # of what came from the cache there is nothing new to tell
            emit_event(
                f"equipoise.{node.stage}.{node.state}",
                resource={
                    "prefect.resource.id": f"equipoise.{node.stage}.{node.key}",
                    "prefect.resource.name": node.label,
                    "digest": node.digest,
                },
                payload={"label": node.label, "parents": list(node.parents)},
            )


def _check(verdict: Verdict) -> dict[str, Any]:
    return {
        "check": verdict.check,
        "result": verdict.word,
        "stage": verdict.stage,
        "failed": verdict.failed,
        "judged": verdict.judged,
        "for example": verdict.said,
        "runs": "; ".join(verdict.runs),
    }


def _row(node: LineageNode) -> dict[str, Any]:
    return {
        "stage": node.stage,
        "run": node.label,
        "ended": node.state,
        "why, or made by": "; ".join(node.why),
        "rows in": inputs_in_words(rows_in([node])),
        "rows out": node.rows,
        "seconds": node.seconds,
        "folder": node.folder,
        "digest": node.digest,
    }
