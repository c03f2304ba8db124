"""An error among the findings holds what would read the output, whoever walks the graph; the output stays."""

from collections.abc import Sequence
from typing import Any

import cloudpickle
import pytest
from prefect import flow

from flows.engine.engine import BlockedError, Node
from flows.engine.here import LocalEngine
from flows.engine.judgement import Judgement
from flows.engine.prefect_engine import PrefectEngine
from flows.engine.status import StatusEngine
from flows.workers.processes import Processes
from flows.workers.workers import Elsewhere
from storage.store.workspace import Runtime
from tasks.checks import Checks
from tests.flows.workers.stages import judged, reader, teller

LOW, HIGH = Checks(), Checks.model_validate({"ingest": {"rows": {"least": 10}}})
WARNED = Checks.model_validate({"ingest": {"rows": {"least": 10, "severity": "warning"}}})


def graph(engine: Any) -> None:
    few, many = (engine.submit(judged, label=f"{rows} rows", rows=rows) for rows in (5, 50))
    engine.submit(reader, label="reads few", parts=[few])
    reads_many = engine.submit(reader, label="reads many", parts=[many])
    engine.submit(reader, label="after few", parts=[], after=[few])
    engine.submit(reader, label="reads a reader", parts=[reads_many])
    engine.submit(teller, label="tells of few", parts=[few, many])


def here(runtime: Runtime, checks: Checks) -> list[Node]:
    engine = LocalEngine(runtime, parallel=2, judgement=Judgement(checks, runtime.store))
    graph(engine)
    return engine.finish()


def under_prefect(runtime: Runtime, checks: Checks) -> list[Node]:
    nodes: list[Node] = []

    @flow(name="judged")
    def walk() -> None:
        engine: Any = PrefectEngine(runtime, judgement=Judgement(checks, runtime.store))
        graph(engine)
        nodes.extend(engine.finish())

    walk()
    return nodes


def in_processes(runtime: Runtime, checks: Checks) -> list[Node]:
    workers = Processes()
    engine = LocalEngine(runtime, parallel=2, judgement=Judgement(checks, runtime.store), elsewhere=Elsewhere(workers))
    graph(engine)
    nodes = engine.finish()
    workers.close()
    return nodes


def states(nodes: Sequence[Node]) -> list[str]:
    return [node.state for node in nodes]


HELD = ["blocked", "{}", "blocked", "{}", "{}"]


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize("walk", [here, under_prefect, in_processes])
def test_a_refused_output_holds_its_readers_and_those_that_come_after_it(walk: Any, runtime: Runtime) -> None:
    nodes = walk(runtime, HIGH)
    assert states(nodes) == ["ran", "ran", *(state.format("ran") for state in HELD)]
    assert isinstance(nodes[2].error, BlockedError)
    assert str(nodes[2].error) == "held by the check ingest.rows of survey: 5 rows came in (asked: at least 10)"
    assert nodes[0].manifest and (runtime.store / nodes[0].manifest.name / "rows.txt").is_file()
    # Another limit computes nothing again, and judges what comes from the cache.
    assert states(walk(runtime, WARNED)) == ["cached", "cached", "ran", "cached", "ran", "cached", "cached"]
    assert states(walk(runtime, HIGH)) == ["cached", "cached", *(state.format("cached") for state in HELD)]


def test_status_says_what_is_held(runtime: Runtime) -> None:
    here(runtime, LOW)
    status = StatusEngine(runtime, Judgement(HIGH, runtime.store))
    graph(status)
    assert [plan.action for plan in status.plans] == ["cached", "cached", "wait", "cached", "wait", "cached", "cached"]
    assert "held by the check ingest.rows" in status.plans[2].reasons[0]
    assert [(label, each.passed) for label, _, each in status.findings] == [("5 rows", False), ("50 rows", True)]


def test_status_counts_what_waits_for_a_judgement_as_missing(runtime: Runtime) -> None:
    status = StatusEngine(runtime)
    few: Any = status.submit(judged, label="few", rows=5)
    status.submit(reader, label="after", parts=[], after=[few])
    assert status.plans[-1].reasons == ("waits for few",) and len(status.missing) == 2


def test_a_judgement_goes_to_other_processes(runtime: Runtime) -> None:
    node = here(runtime, LOW)[0]
    judgement = Judgement(HIGH, runtime.store)
    assert node.manifest and judgement.of(node.manifest)
    again = cloudpickle.loads(cloudpickle.dumps(judgement))
    with pytest.raises(BlockedError, match=r"ingest\.rows"):
        again.admit("reader", {"parts": [node.manifest]})


def test_an_output_that_cannot_be_judged_is_refused(runtime: Runtime) -> None:
    (node, *_) = here(runtime, LOW)
    assert node.manifest
    odd = node.manifest.model_copy(update={"stats": {"rows": "many"}})
    (found,) = Judgement(LOW, runtime.store).of(odd)
    assert found.refuses and "cannot be judged" in found.said
