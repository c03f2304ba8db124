"""The engine of Prefect tasks ends with the same nodes as the engine without a server."""

from typing import Any

import pytest
from prefect import flow

from flows.engine.engine import BlockedError, Node
from flows.engine.here import LocalEngine
from flows.engine.prefect_engine import PrefectEngine
from flows.records.lineage import describe
from storage.store.workspace import Runtime
from tests.flows.engine.test_engine import graph

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
