"""The engine of Prefect tasks ends with the same nodes as the engine without a server."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from flows.engine.engine import BlockedError, Node
from flows.engine.here import LocalEngine
from flows.engine.prefect_engine import PrefectEngine
from flows.records.lineage import describe
from flows.workers.processes import Processes
from flows.workers.workers import Elsewhere
from storage.store.experiments import EXPERIMENTS, Ledger
from storage.store.runs import RUNS, RunRecord, write_run
from storage.store.store import LOCKS, RECORDS, TEMPORARY, Store
from storage.store.workspace import Runtime
from tests.flows.engine.test_engine import graph
from tests.flows.workers.stages import spoken
from tests.flows.workers.test_workers import Hearing

pytestmark = pytest.mark.usefixtures("prefect_server")


def under_prefect(runtime: Runtime, *values: int) -> list[Node]:
    nodes: list[Node] = []

    @flow(name="numbers")
    def numbers() -> None:
        engine: Any = PrefectEngine(runtime)
        graph(engine, *values)
        nodes.extend(engine.finish())

    numbers()
    return nodes


def test_both_engines_end_alike(runtime: Runtime) -> None:
    nodes = under_prefect(runtime, 1, 2)
    assert [node.state for node in nodes] == ["ran"] * 3
    here = LocalEngine(runtime, parallel=1)
    graph(here, 1, 2)
    again = here.finish()
    assert [node.manifest for node in again] == [node.manifest for node in nodes]
    assert [node.digest for node in describe(again)] == [node.digest for node in describe(nodes)]


def test_a_failure_blocks_what_needs_it(runtime: Runtime) -> None:
    nodes = under_prefect(runtime, 3, -2)
    assert [node.state for node in nodes] == ["ran", "failed", "blocked"]
    assert isinstance(nodes[2].error, BlockedError) and "negative" in str(nodes[1].error)
    assert str(nodes[2].error) == "number -2, which it needs, did not complete"


def test_what_a_worker_process_reports_is_the_progress_of_its_task_run(runtime: Runtime, tmp_path: Path) -> None:
    hearing, workers = Hearing(tmp_path / "mark"), Processes()
    runs: list[UUID] = []

    @flow(name="elsewhere")
    def somewhere() -> None:
        engine = PrefectEngine(
            runtime, experiment="told", follower=hearing, elsewhere=Elsewhere(workers),
            ended=lambda node, task_run: runs.append(task_run),
        )  # fmt: skip
        engine.submit(spoken, mark=str(tmp_path / "mark"), label="spoken there")
        assert [node.state for node in engine.finish()] == ["ran"]

    somewhere()
    workers.close()
    assert hearing.heard == [("spoken there", 1, 3, "begun"), ("spoken there", 3, 3, "over")]
    wanted = ArtifactFilter(key=ArtifactFilterKey(like_="%spoken-there-progress"))
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(artifact_filter=wanted)
    assert (artifact.type, artifact.data, artifact.task_run_id) == ("progress", 100.0, runs[0])
    assert artifact.description == "spoken there: 3 of 3, over"


def test_every_folder_of_a_store_is_as_open_as_the_store(runtime: Runtime) -> None:
    """A user whose mask closes new folders to the group does not shut the others out of a store that they share."""
    runtime.store.mkdir()
    runtime.store.chmod(0o2775)
    before = os.umask(0o077)
    try:
        under_prefect(runtime, 1, 2)
        Ledger(Store(runtime.store), "a", Path("a"), "c")
        record = RunRecord(id="1", experiment="a", verb="curate", folder=Path("a"), ended=datetime.now(UTC), uses=())
        write_run(runtime.store, record)
    finally:
        os.umask(before)
    made = {each.name: stat.S_IMODE(each.stat().st_mode) for each in runtime.store.iterdir() if each.is_dir()}
    assert made.keys() >= {EXPERIMENTS, LOCKS, RECORDS, RUNS, TEMPORARY, "number"}
    assert set(made.values()) == {0o2775}
