"""What runs leave that were killed or told to end: Prefect would show it as running for ever.

A run signs itself with its machine, its process and when that began (labels of the flow run). Whoever runs next on the
same machine and server marks those whose process is gone as crashed, and their task runs with them. A run that is told
to end, by Ctrl-C or SIGTERM, is marked by Prefect, and marks its own task runs.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
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
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run
from prefect.states import Crashed, State

from flows.naming import PROJECT

HOST, PROCESS = "equipoise.host", "equipoise.process"
UNENDED = (StateType.RUNNING, StateType.PENDING, StateType.SCHEDULED)
"""States of task runs that a flow run which is over cannot have."""
ENDED = (StateType.CRASHED, StateType.CANCELLED)
"""States of flow runs that were told to end, or closed."""
_AT_MOST = 50  # runs looked at; more would be older than anybody looks
_OURS = FlowRunFilterTags(all_=[PROJECT])


def sign(client: SyncPrefectClient, flow_run: UUID) -> None:
    """Write down which process runs a flow run."""
    client.update_flow_run_labels(flow_run, {HOST: socket.gethostname(), PROCESS: process_mark(os.getpid()) or ""})


def close_abandoned() -> list[str]:
    """Mark this project's flow runs as crashed that a process of this machine began and that it did not live to end.

    So are task runs that were at work when their flow run ended. Returns the flow runs' names. A server that refuses
    costs the run nothing but a line of the log.
    """
    closed = []
    try:
        with get_client(sync_client=True) as client:
            for run in client.read_flow_runs(
                flow_run_filter=FlowRunFilter(state=_in(StateType.RUNNING), tags=_OURS), limit=_AT_MOST
            ):
                if run.labels.get(HOST) == socket.gethostname() and not is_alive(str(run.labels.get(PROCESS, ""))):
                    _close(client, run.id)
                    closed.append(run.name)
            _close_task_runs(client, FlowRunFilter(state=_in(*ENDED), tags=_OURS))
    except Exception as error:
        logging.getLogger("equipoise.flow").warning("the server was not asked for abandoned runs: %s", error)
    return closed


@contextmanager
def closing_what_is_left() -> Iterator[None]:
    """Where the current flow run is told to end, by Ctrl-C or SIGTERM, mark the task runs at work as crashed, too.

    What the server has not heard of by then, the next run marks.
    """
    try:
        yield
    except (KeyboardInterrupt, TerminationSignal):
        try:
            with get_client(sync_client=True) as client:
                _close_task_runs(client, _of(UUID(flow_run.id)))
        except Exception as error:
            logging.getLogger("equipoise.flow").warning("the server was not told what was at work: %s", error)
        raise


def _close(client: SyncPrefectClient, flow_run: UUID) -> None:
    _close_task_runs(client, _of(flow_run))
    client.set_flow_run_state(flow_run, _gone(), force=True)


def _close_task_runs(client: SyncPrefectClient, of: FlowRunFilter) -> None:
    for task_run in client.read_task_runs(
        flow_run_filter=of,
        task_run_filter=TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[*UNENDED]))),
    ):
        client.set_task_run_state(task_run.id, _gone(), force=True)


def _gone() -> State[Any]:
    return Crashed(
        message="its process was killed or told to end; what it had published is in the store, and a rerun goes on "
        "from it"
    )


def _in(*states: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=[*states]))


def _of(flow_run: UUID) -> FlowRunFilter:
    return FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))


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
