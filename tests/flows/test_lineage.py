"""`lineage.json`: what ran, what came from the cache, what failed."""

import json
from pathlib import Path

from flows.engine.engine import Node
from flows.engine.here import LocalEngine
from flows.lineage import describe, write_lineage
from storage.store.workspace import Runtime
from tests.flows.engine.test_engine import graph


def test_a_failure_has_no_digest_and_says_why(runtime: Runtime, tmp_path: Path) -> None:
    engine = LocalEngine(runtime, parallel=1)
    graph(engine, 1, -2)
    nodes = engine.finish()
    failed = describe(nodes)[1]
    assert failed.digest == "" and failed.parents == () and "negative" in str(failed.stats["error"])
    write_lineage(tmp_path / "run", nodes)
    lineage = json.loads((tmp_path / "run" / "lineage.json").read_text())
    assert lineage["states"] == {"ran": 1, "cached": 0, "failed": 1, "blocked": 1}
    assert [node["label"] for node in lineage["nodes"]] == ["number 1", "number -2", "total"]


def test_only_what_ran_has_a_time(runtime: Runtime) -> None:
    for expected in ("ran", "cached"):
        engine = LocalEngine(runtime, parallel=1)
        graph(engine, 4)
        described = describe(engine.finish())
        assert [node.state for node in described] == [expected] * 2
        assert all((node.seconds is not None) == (expected == "ran") for node in described)
        assert described[0].key in described[1].parents


def test_a_node_without_a_manifest_is_known_by_its_label() -> None:
    (node,) = describe([Node("train 0", "train", "failed", error=ValueError("x"))])
    assert node.key == "train: train 0" and node.stats == {"error": "x"}
