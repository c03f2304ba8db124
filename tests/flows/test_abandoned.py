"""Flow runs of killed processes are closed by the next run; those of living processes and other machines are not."""

import os
import socket
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.states import Crashed, Running

from flows.abandoned import HOST, PROCESS, close_abandoned, closing_what_is_left, is_alive, process_mark
from flows.naming import PROJECT


@flow(name="abandoned")
def nothing() -> None:
    """Does nothing."""


def running(labels: dict[str, str], tags: list[str]) -> UUID:
    """A flow run that the server takes for running."""
    with get_client(sync_client=True) as client:
        made = client.create_flow_run(nothing, state=Running(), tags=tags)
        client.update_flow_run_labels(made.id, labels)  # type: ignore[arg-type]
    return made.id


def ended_process() -> str:
    """The mark of a process that ran and is gone."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = process_mark(process.pid)
    assert mark is not None and is_alive(mark)
    process.communicate(b"\n")
    return mark


def test_a_mark_tells_a_process_from_a_later_one_of_its_number() -> None:
    mark = process_mark(os.getpid())
    assert mark is not None and is_alive(mark)
    assert not is_alive(f"{os.getpid()} 1")
    assert not is_alive(ended_process())
    assert is_alive("") and is_alive("unknown")  # nothing is closed that cannot be told


@pytest.mark.usefixtures("prefect_server")
def test_only_what_a_killed_process_of_this_machine_left_is_closed() -> None:
    here, gone, alive = socket.gethostname(), ended_process(), process_mark(os.getpid())
    assert alive is not None
    left = running({HOST: here, PROCESS: gone}, [PROJECT])
    others = [
        running({HOST: here, PROCESS: alive}, [PROJECT]),
        running({HOST: "elsewhere", PROCESS: gone}, [PROJECT]),
        running({HOST: here, PROCESS: gone}, ["another project"]),
        running({}, [PROJECT]),
    ]
    closed = close_abandoned()
    with get_client(sync_client=True) as client:
        state: Any = client.read_flow_run(left).state
        assert state.is_crashed() and "its process was killed" in state.message
        assert [client.read_flow_run(each).state.is_running() for each in others] == [True] * 4  # type: ignore[union-attr]
    assert len(closed) == 1 and close_abandoned() == []


@task
def some_work() -> None:
    """Is not begun here."""


def at_work(run: UUID) -> UUID:
    """A task run of it that the server takes for running."""
    with get_client(sync_client=True) as client:
        return client.create_task_run(some_work, run, dynamic_key="0", state=Running()).id


def state_of(task_run: UUID) -> Any:
    with get_client(sync_client=True) as client:
        return client.read_task_run(task_run).state


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_is_told_to_end_leaves_no_task_run_running() -> None:
    left: list[UUID] = []

    @flow(name="interrupted")
    def interrupted() -> None:
        with closing_what_is_left():
            left.append(at_work(UUID(flow_run.id)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    state = state_of(left[0])
    assert state.is_crashed() and "told to end" in state.message


@pytest.mark.usefixtures("prefect_server")
def test_what_the_server_heard_of_too_late_is_closed_by_the_next_run() -> None:
    crashed, alive = (running({}, [PROJECT]) for _ in range(2))
    others = running({}, ["another project"])
    left, *kept = [at_work(each) for each in (crashed, alive, others)]
    with get_client(sync_client=True) as client:
        for each in (crashed, others):
            client.set_flow_run_state(each, Crashed(), force=True)
    close_abandoned()
    assert state_of(left).is_crashed()
    assert [state_of(each).is_running() for each in kept] == [True, True]
