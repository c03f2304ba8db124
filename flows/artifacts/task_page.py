"""A task run's own page in the Prefect UI: rows, folder, key, and why it ran or who made what was reused.

Prefect does not enter the body of a cached task, so what it would have written there is written from outside: a line in
the task run's log, which is what its page opens with. What ran, or failed, has an artifact too, that holds the same as
a table beside the figures of its stage; a run from the cache has its line, as a hundred artifacts take the server
longer than all the rest of a cached run, and the table is on the page of the run that made the output.
"""

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Self
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.context import FlowRunContext

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.naming import artifact_key
from flows.records.lineage import describe_one
from storage.record.manifest import Manifest
from storage.store.runs import RunRecord, makers
from storage.store.store import Store
from tasks.reporting.lineage.nodes import LineageNode, rows_in
from tasks.reporting.lineage.page import SHORT, inputs_in_words, reasons_in_words, table

FIGURES = 12  # figures of a stage's own that its page shows


class TaskPages:
    """Writes each task run's own page as soon as the run ended; a context that holds one connection to the server."""

    def __init__(self, config: Experiment) -> None:
        self._experiment, self._store = config.name, Store(config.runtime.store)
        self._manifests: dict[str, Manifest] = {}

    def __enter__(self) -> Self:
        context = FlowRunContext.get()
        self._flow_run = str(context.flow_run.id) if context and context.flow_run else None
        self._client = get_client(sync_client=True).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._client.__exit__(*error)

    def show(self, node: Node, task_run: UUID) -> None:
        """Write what there is to say of a run that ended; a server that does not take it costs the run nothing."""
        if node.manifest:
            self._manifests[node.manifest.key] = node.manifest
        described = describe_one(node, self._manifests, self._makers)
        line = _line(described)
        logging.getLogger("prefect.extra.equipoise").info(  # goes to the server alone, not to the terminal
            line, extra={"flow_run_id": self._flow_run, "task_run_id": str(task_run), "task_run_name": node.label}
        )
        if node.state == "cached":
            return
        rows = [*_said(described, self._store).items(), *_figures(described)]
        # Of the task run alone: the flow run's own page keeps the few artifacts that are about all of it.
        artifact = ArtifactCreate(
            key=artifact_key(self._experiment, node.label),
            type="markdown",
            data=table(("", node.label), rows, limit=400),
            description=line,
            task_run_id=task_run,
        )
        try:
            self._client.create_artifact(artifact)
        except Exception as error:
            logging.getLogger("equipoise").warning("the server took no page of %s: %s", node.label, error)

    @cached_property
    def _makers(self) -> Mapping[str, RunRecord]:
        """Which run made what, as the book says it when the run begins."""
        return makers(self._store.root)


def _line(node: LineageNode) -> str:
    """The run in a line: `cached: 1,000 rows, made by demo curate, 2026-11-26 18:02; match/0c64cedf`."""
    ended = node.state + ("" if node.seconds is None else f" in {node.seconds:,.1f} s")
    rows = "" if node.rows is None else f"{node.rows:,} row{'' if node.rows == 1 else 's'}"
    why = ("because: " if node.state == "ran" else "") + reasons_in_words(node.why) if node.why else ""
    said = ", ".join(part for part in (rows, why) if part)
    folder, _, key = node.folder.partition("/")
    return f"{ended}: {said}" + (f"; {folder}/{key[:SHORT]}" if key else "")


def _said(node: LineageNode, store: Store) -> dict[str, str]:
    """What there is to say, by name."""
    said = {
        "ended": node.state,
        "seconds": "" if node.seconds is None else f"{node.seconds:,.1f}",
        "because": "; ".join(node.why),
        "rows in": inputs_in_words(rows_in([node])),
        "rows out": "" if node.rows is None else f"{node.rows:,}",
        "folder": str(store.directory(node.stage, node.key).absolute()) if node.digest else "",
        "key": node.key if node.digest else "",
        "digest": node.digest,
    }
    return {name: text for name, text in said.items() if text}


def _figures(node: LineageNode) -> list[tuple[str, str]]:
    plain = [(name.replace("_", " "), value) for name, value in node.stats.items() if name != "error"]
    shown = [(name, f"{value:,.6g}" if isinstance(value, float) else str(value))
             for name, value in plain if isinstance(value, int | float | str)]  # fmt: skip
    return shown[:FIGURES]
