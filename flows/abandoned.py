"""Flow runs whose process was killed: Prefect would show them as running for ever, so the next run says otherwise.

A run signs itself with its machine, its process and when that began (labels of the flow run). Whoever runs next on the
same machine and server marks those whose process is gone as crashed, and their task runs with them.
"""

import logging
import os
import socket
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed, State

from flows.naming import PROJECT

HOST, PROCESS = "equipoise.host", "equipoise.process"
_AT_MOST = 50  # runs looked at; more would be older than anybody looks


def sign(client: SyncPrefectClient, flow_run: UUID) -> None:
    """Write down which process runs a flow run."""
    client.update_flow_run_labels(flow_run, {HOST: socket.gethostname(), PROCESS: process_mark(os.getpid()) or ""})


def close_abandoned() -> list[str]:
    """Mark this project's flow runs as crashed that a process of this machine began and that it did not live to end.

    Returns their names. A server that refuses costs the run nothing but a line of the log.
    """
    closed = []
    try:
        with get_client(sync_client=True) as client:
            for run in client.read_flow_runs(
                flow_run_filter=FlowRunFilter(
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
                    tags=FlowRunFilterTags(all_=[PROJECT]),
                ),
                limit=_AT_MOST,
            ):
                if run.labels.get(HOST) == socket.gethostname() and not is_alive(str(run.labels.get(PROCESS, ""))):
                    _close(client, run.id)
                    closed.append(run.name)
    except Exception as error:
        logging.getLogger("equipoise.flow").warning("the server was not asked for abandoned runs: %s", error)
    return closed


def _close(client: SyncPrefectClient, flow_run: UUID) -> None:
    gone: State[Any] = Crashed(
        message="its process was killed; what it had published is in the store, and a rerun goes on from it"
    )
    for task_run in client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run])),
        task_run_filter=TaskRunFilter(
            state=TaskRunFilterState(
                type=TaskRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.SCHEDULED])
            )
        ),
    ):
        client.set_task_run_state(task_run.id, gone, force=True)
    client.set_flow_run_state(flow_run, gone, force=True)


def process_mark(pid: int) -> str | None:
    """A process, told from a later one of its number by when it began (in ticks since boot); None if it is gone."""
    try:
        began = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
        began = ""  # no /proc on this system: numbers alone tell
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
    return f"{pid} {began}"


def is_alive(mark: str) -> bool:
    """Whether the process that a mark was made of still runs; an unreadable mark is taken for one that does."""
    number = mark.partition(" ")[0]
    return not number.isdecimal() or process_mark(int(number)) == mark
