"""`lineage.json`: what ran, what came from the cache, what failed."""

import json
from datetime import UTC, datetime
from pathlib import Path

from flows.config.pipeline import load_config
from flows.engine.engine import Node
from flows.engine.here import LocalEngine
from flows.records.lineage import describe, rows_of, write_lineage
from flows.run import run_here
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from tasks.reporting.lineage.nodes import rows_in
from tests.flows.conftest import edit
from tests.flows.engine.test_engine import graph


def test_a_failure_has_no_digest_and_says_why(runtime: Runtime, tmp_path: Path) -> None:
    engine = LocalEngine(runtime, parallel=1)
    graph(engine, 1, -2)
    nodes = engine.finish()
    described = describe(nodes)
    failed = described[1]
    assert failed.digest == "" and failed.parents == () and "negative" in str(failed.stats["error"])
    assert failed.why == (str(nodes[1].error),)
    write_lineage(tmp_path / "run", described)
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


def test_rows_are_those_that_the_stage_states(runtime: Runtime) -> None:
    def made(**stats: object) -> Manifest:
        return Manifest(stage="s", key="k", digest="d", files=(), code="", created=datetime.now(UTC), stats=stats)

    assert [rows_of(made(rows=3, size=9)), rows_of(made(size=9)), rows_of(made(value=9)), rows_of(made(rows=True))] == [
        3, 9, None, None,
    ]  # fmt: skip


def test_a_run_says_why_and_whose_rows_it_read(small: Path) -> None:
    config = load_config(edit(small, training=None, evaluation=None, encoder=None, geometry=None))
    nodes = {node.label: node for node in describe(run_here(config, "curate", announce=lambda line: None))}
    assert nodes["ingest scenes 1/2"].rows == 120 and nodes["ingest scenes 1/2"].why == ("never run",)
    assert rows_in([nodes["match 0"]]) == {"metadata": 7, "ingest": 120}
    assert nodes["match 1"].why == ("never run",)  # and not for its difference from the group before it
    assert nodes["match 0"].folder == f"match/{nodes['match 0'].key}"
    changed = load_config(edit(small, balancing={"method": "rake", "target": {"kind": "capped", "t": 30}}))
    again = {node.label: node for node in describe(run_here(changed, "curate", announce=lambda line: None))}
    assert again["balance"].why == ("parameter config.target.t 20.0 → 30.0",)
    assert again["match 0"].state == "cached" and again["match 0"].why[0].startswith("made 20")


def test_a_node_without_a_manifest_is_known_by_its_label() -> None:
    (node,) = describe([Node("train 0", "train", "failed", error=ValueError("x"))])
    assert node.key == "train: train 0" and node.stats == {"error": "x"}
