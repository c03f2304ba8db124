"""A task run's page: its line; the whole page is tested with the pipeline."""

import time
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter

from flows.artifacts.task_page import TaskPages, _line
from flows.config.pipeline import load_experiment
from flows.engine.prefect_engine import PrefectEngine
from tasks.reporting.lineage.nodes import LineageNode
from tests.flows.engine.test_engine import graph


def test_the_line_says_how_it_ended_and_why() -> None:
    ran = LineageNode("m", "match", "k", "d", (), "ran", 0.44, why=("never run",), rows=1000, folder="match/0123456789")
    assert _line(ran) == "ran in 0.4 s because never run: 1,000 rows; match/01234567"
    cached = LineageNode("m", "match", "k", "d", (), "cached", why=("made by demo curate",), folder="match/01")
    assert _line(cached) == "cached: made by demo curate; match/01"
    assert _line(LineageNode("m", "match", "", "", (), "failed", why=("x is bad",))) == "failed: x is bad"


@pytest.mark.usefixtures("prefect_server")
def test_a_run_that_never_began_is_closed_under_its_own_name(small: Path) -> None:
    """Left pending, it would have a made-up name, and a bar in the graph that grows for ever."""
    config, ids = load_experiment(small), {}

    @flow(name="held")
    def held() -> None:
        with TaskPages(config) as pages:
            engine = PrefectEngine(config.runtime, ended=pages.show)
            graph(engine, 1, -1)
            engine.finish()
            pages.close()
            ids.update({label: future.task_run_id for label, _, future in engine._submitted})

    held()
    with get_client(sync_client=True) as client:
        for _ in range(100):  # the server takes events in its own time
            total = client.read_task_run(ids["total"])
            if total.state is not None and (total.state.name, total.name) == ("Blocked", "total"):
                break  # it writes state and name one after the other
            time.sleep(0.2)
        ran = client.read_task_runs(task_run_filter=TaskRunFilter(id={"any_": [ids["number 1"]]}))[0]
    assert total.name == "total" and total.state is not None and total.end_time is not None
    assert (total.state.name, total.state.message) == ("Blocked", "number -1, which it needs, did not complete")
    assert ran.state is not None and ran.state.is_completed()
