"""What every run begins and ends with."""

import json
from pathlib import Path

import pytest

from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.engine import Node
from flows.run import begin, raise_first, run_here
from storage.errors import CheckError, InputError
from storage.store.experiments import uses
from storage.store.store import Store
from tests.flows.conftest import edit

BARE = {"training": None, "evaluation": None, "encoder": None, "geometry": None}


def test_the_first_line_says_how_much_there_is_to_do(small: Path) -> None:
    config = load_config(edit(small, **BARE))
    lines: list[str] = []
    begin(config, "pipeline", lines.append)
    assert len(lines) == 1 and "0 of them in the store" in lines[0]


def test_the_ledger_holds_what_a_whole_run_used(small: Path) -> None:
    config = load_config(edit(small, **BARE))
    nodes = run_here(config, "pipeline", lambda line: None)
    (use,) = uses(Store(config.runtime.store))
    assert set(use.outputs) == {(node.manifest.stage, node.manifest.key) for node in nodes if node.manifest}


def test_a_run_that_fails_has_entered_what_it_made(small: Path) -> None:
    config = load_config(edit(small, **BARE, metadata={"sources": [{"kind": "entries", "entries": ["zeppelin"]}]}))
    with pytest.raises(InputError):
        run_here(config, "pipeline", lambda line: None)
    (use,) = uses(Store(config.runtime.store))
    assert {"ingest", "metadata", "match"} <= {stage for stage, _ in use.outputs}


def test_a_check_stops_a_run_and_another_limit_computes_nothing_again(small: Path) -> None:
    def limited(**limits: object) -> PipelineConfig:
        checks = {"balancing": {"effective_sample_size": limits}}
        return load_config(edit(small, **BARE, checks=checks))

    lines: list[str] = []
    with pytest.raises(CheckError, match=r"by checks\.balancing\.effective_sample_size; what was made so far is in"):
        run_here(limited(severity="error", least=0.999), "pipeline", lines.append)
    assert any("balance: refused by a check" in line for line in lines)
    folder = small.parent / "run"
    lineage = json.loads((folder / "lineage.json").read_text())
    ended = {node["label"]: node["state"] for node in lineage["nodes"]}
    assert ended["balance"] == "ran" and {ended["scale"], ended["select 0"], ended["report"]} == {"blocked"}
    first = lineage["checks"][0]
    assert (first["check"], first["word"], first["runs"]) == ("balancing.effective_sample_size", "error", ["balance"])
    assert not (folder / "curated").exists()

    nodes = run_here(limited(severity="warning", least=0.999), "pipeline", lines.append)
    ran = {node.label for node in nodes if node.state == "ran"}
    assert "balance" not in ran and {"scale", "select 0", "report"} <= ran
    nodes = run_here(limited(severity="warning", least=0.5), "pipeline", lines.append)
    assert [node.label for node in nodes if node.state == "ran"] == ["report"]
    with pytest.raises(CheckError):
        run_here(limited(severity="error", least=0.999), "pipeline", lines.append)


def test_every_failure_is_counted_and_the_first_is_raised() -> None:
    nodes = [Node(name, "s", "failed", error=InputError(name)) for name in ("one", "two")]
    with pytest.raises(InputError, match="one") as caught:
        raise_first([Node("zero", "s", "ran"), *nodes])
    assert caught.value.__notes__ == ["in one; 1 more failed: two"]
