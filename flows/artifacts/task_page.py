"""A task run's own page in the Prefect UI: rows, folder, key, and why it ran or who made what was reused.

Prefect does not enter the body of a cached task, so what it would have written there is written from outside: a line in
the task run's log, which is what its page opens with. What ran, or failed, has an artifact too, that holds the same as
a table beside the figures of its stage; a run from the cache has its line, as a hundred artifacts take the server
longer than all the rest of a cached run, and the table is on the page of the run that made the output.
"""

import logging
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled
from prefect.utilities.engine import emit_task_run_state_change_event

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.naming import artifact_key
from flows.records.lineage import describe_one
from storage.record.manifest import Manifest
from storage.store.runs import RunRecord, makers
from storage.store.store import Store
from tasks.reporting.lineage.nodes import LineageNode, rows_in
from tasks.reporting.lineage.page import SHORT, inputs_in_words, reasons_in_words, table

PATIENCE = 5.0  # seconds in all that the server is given to hear of the runs that never began
FIGURES = 12  # figures of a stage's own that its page shows


class TaskPages:
    """Writes each task run's own page as soon as the run ended; a context that holds one connection to the server."""

    def __init__(self, config: Experiment) -> None:
        self._experiment, self._store = config.name, Store(config.runtime.store)
        self._manifests: dict[str, Manifest] = {}
        self._blocked: dict[UUID, Node] = {}

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
        if node.state == "blocked":
            self._blocked[task_run] = node
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

    def close(self) -> None:
        """Name and end the task runs that never began: for Prefect they are pending, and grow in the graph for ever.

        As Prefect's own engine does, by events: of two, the server keeps the later, whichever arrives first. It hears
        of runs in its own time; those that it has not heard of after a few seconds are left as they are.
        """
        try:
            self._end_those_that_never_began()
        except Exception as error:  # a server that does not take it costs the run nothing
            logging.getLogger("equipoise").warning("the server took no ends of runs that never began: %s", error)

    def _end_those_that_never_began(self) -> None:
        patience = time.monotonic() + PATIENCE
        for task_run, node in self._blocked.items():
            # Prefect's last word of such a run; an event that comes after ours would bring its made-up name back
            while not _is_told(run := self._known(task_run)) and time.monotonic() < patience:
                time.sleep(0.2)
            if run is not None and run.state is not None and run.state.is_pending():
                ended: State[Any] = Cancelled(name="Blocked", message=str(node.error))
                named = run.model_copy(update={"name": node.label, "end_time": ended.timestamp})
                emit_task_run_state_change_event(named, initial_state=run.state, validated_state=ended)

    def _known(self, task_run: UUID) -> TaskRun | None:
        try:
            return self._client.read_task_run(task_run)
        except ObjectNotFound:
            return None

    @cached_property
    def _makers(self) -> Mapping[str, RunRecord]:
        """Which run made what, as the book says it when the run begins."""
        return makers(self._store.root)


def _is_told(run: TaskRun | None) -> bool:
    return run is not None and run.state is not None and run.state.name == "NotReady"


def _line(node: LineageNode) -> str:
    """The run in a line: `cached: 1,000 rows, made by demo curate, 2026-11-26 18:02; match/0c64cedf`."""
    ended = node.state + ("" if node.seconds is None else f" in {node.seconds:,.1f} s")
    rows = "" if node.rows is None else f"{node.rows:,} row{'' if node.rows == 1 else 's'}"
    why = reasons_in_words(node.why)
    if node.state == "ran" and why:
        ended, why = f"{ended} because {why}", ""
    said = ", ".join(part for part in (rows, why) if part)
    folder, _, key = node.folder.partition("/")
    return ended + (f": {said}" if said else "") + (f"; {folder}/{key[:SHORT]}" if key else "")


def _said(node: LineageNode, store: Store) -> dict[str, str]:
    """What there is to say, by name."""
    said = {
        "ended": node.state,
        "took": "" if node.seconds is None else f"{node.seconds:,.1f} s",
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
