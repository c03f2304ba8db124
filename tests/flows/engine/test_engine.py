"""The three engines walk one graph alike."""

import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.engine.engine import BlockedError
from flows.engine.here import LocalEngine
from flows.engine.status import StatusEngine
from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.shards import read_table, write_table


@stage("number", version=1, modules=())
def number(value: int, *, work: Workspace) -> dict[str, Any]:
    """A table of one number."""
    if value < 0:
        raise InputError(f"{value} is negative; give a natural number")
    write_table(work.output / "value.parquet", pa.table({"value": [value]}))
    return {"value": value}


MET = threading.Event()


@stage("first to meet", version=1, modules=())
def first_to_meet(*, work: Workspace) -> dict[str, Any]:
    """Does well only if the second one runs beside it."""
    return {"met": MET.wait(30)}


@stage("second to meet", version=1, modules=())
def second_to_meet(*, work: Workspace) -> dict[str, Any]:
    """Lets the first one end."""
    MET.set()
    return {}


@stage("total", version=1, modules=())
def total(parts: list[Manifest], *, work: Workspace) -> dict[str, Any]:
    """The sum of several numbers."""
    values = [read_table(work.path(part, "value.parquet"))["value"][0].as_py() for part in parts]
    write_table(work.output / "value.parquet", pa.table({"value": [sum(values)]}))
    return {"value": sum(values)}


def graph(engine: Any, *values: int) -> Any:
    numbers = [engine.submit(number, value=value, label=f"number {value}") for value in values]
    return engine.submit(total, parts=numbers, label="total")


def test_a_graph_runs_then_comes_from_the_cache(runtime: Runtime) -> None:
    first = LocalEngine(runtime, parallel=2)
    assert graph(first, 1, 2).result().stats["value"] == 3
    assert [node.state for node in first.finish()] == ["ran"] * 3
    second = LocalEngine(runtime, parallel=2)
    graph(second, 1, 2)
    assert [node.state for node in second.finish()] == ["cached"] * 3


def test_status_says_what_would_run_and_why(runtime: Runtime) -> None:
    status = StatusEngine(runtime)
    graph(status, 1, 2)
    assert [(plan.action, plan.reasons) for plan in status.plans] == [
        ("run", ("never run",)),
        ("run", ("never run",)),
        ("wait", ("waits for number 1",)),
    ]
    engine = LocalEngine(runtime, parallel=1)
    graph(engine, 1, 2)
    engine.finish()
    status = StatusEngine(runtime)
    graph(status, 1, 5)
    assert [plan.action for plan in status.plans] == ["cached", "run", "wait"]
    assert status.plans[1].reasons in {("parameter value 2 → 5",), ("parameter value 1 → 5",)}


def test_a_deleted_file_runs_again_and_equal_bytes_cut_off(runtime: Runtime) -> None:
    engine = LocalEngine(runtime, parallel=1)
    graph(engine, 1, 2)
    manifest = engine.finish()[0].manifest
    assert manifest
    (Path(runtime.store) / manifest.name / "value.parquet").unlink()
    again = LocalEngine(runtime, parallel=1)
    graph(again, 1, 2)
    assert [node.state for node in again.finish()] == ["ran", "cached", "cached"]


def test_a_failure_blocks_what_needs_it_and_nothing_else(runtime: Runtime) -> None:
    engine = LocalEngine(runtime, parallel=1)
    graph(engine, 1, -2, 3)
    nodes = engine.finish()
    assert [node.state for node in nodes] == ["ran", "failed", "ran", "blocked"]
    assert isinstance(nodes[1].error, InputError) and isinstance(nodes[3].error, BlockedError)
    assert not list((runtime.store / ".tmp").iterdir())
    assert not (runtime.store / "total").exists()


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_no_number_of_threads_deadlocks(runtime: Runtime, parallel: int) -> None:
    engine = LocalEngine(runtime, parallel=parallel)
    chain = engine.submit(total, parts=[], label="start")
    for depth in range(12):
        chain = engine.submit(total, parts=[chain], label=f"link {depth}")
    assert all(node.manifest for node in engine.finish())


def test_a_run_that_waits_for_its_inputs_takes_no_thread(runtime: Runtime) -> None:
    """Two threads: the one is at work, and what needs its result must not hold the other one up."""
    engine = LocalEngine(runtime, parallel=2)
    meeting = engine.submit(first_to_meet, label="first")
    engine.submit(total, parts=[], after=[meeting], label="needs the first")
    engine.submit(second_to_meet, label="second")
    nodes = engine.finish()
    assert [node.state for node in nodes] == ["ran"] * 3
    assert nodes[0].manifest is not None and nodes[0].manifest.stats["met"]
