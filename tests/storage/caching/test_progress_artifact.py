"""Progress reports: one artifact of the task run in a real server; a server that is gone costs the run nothing."""

import time
from collections.abc import Mapping

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import JsonValue

from storage.caching.prefect_task import prefect_task
from storage.caching.progress_artifact import ProgressArtifact
from storage.caching.stage import stage
from storage.store.workspace import Runtime, Workspace


@stage("slow_count", version=1, modules=())
def slow_count(steps: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    """Reports more often than it may."""
    for step in range(steps):
        work.report(step, steps, f"at number {step}")
        time.sleep(0.01)
    work.report(steps, steps, "all counted")
    (work.output / "count").write_text(str(steps))
    return {"steps": steps}


@pytest.mark.usefixtures("prefect_server")
def test_a_stage_reports_to_one_artifact_of_its_task_run(runtime: Runtime) -> None:
    @flow(name="reporting")
    def reporting() -> str:
        state = prefect_task(slow_count, runtime, label="count {slowly}").submit(30, return_state=True)
        return str(state.state_details.task_run_id)

    task_run = reporting()
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["count-slowly-progress"]))
    with get_client(sync_client=True) as client:
        (artifact,) = client.read_artifacts(artifact_filter=wanted)
    assert (artifact.type, artifact.data) == ("progress", 100.0)
    assert str(artifact.task_run_id) == task_run
    assert artifact.description == "count {slowly}: 30 of 30, all counted"


def test_without_prefect_reports_go_nowhere(runtime: Runtime) -> None:
    assert slow_count.run(2, runtime=runtime).stats == {"steps": 2}


def test_a_server_that_is_gone_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    report = ProgressArtifact("train-0", "train")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        began = time.monotonic()
        report(0, 2, "under way")
        assert time.monotonic() - began < 1
        report(2, 2, "done")
    assert "took no progress report" in caplog.text


def test_no_more_than_one_update_in_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[float] = []
    monkeypatch.setattr(ProgressArtifact, "_send", lambda self, percent, description: sent.append(percent))
    report = ProgressArtifact("train-0", "train")
    for step in range(1, 100):
        report(step, 100, "")
        time.sleep(0.001)
    report(100, 100, "")
    assert sent == [1.0, 100.0]
