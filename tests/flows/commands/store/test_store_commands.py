"""`verify` and `gc`, on a small curation."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from flows.command import app
from flows.commands.store.collection import collect
from flows.commands.store.store_commands import gc
from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.status import StatusEngine
from flows.graph.build import build
from flows.run import run_here
from storage.errors import EquipoiseError, InputError
from storage.store.experiments import Ledger, forget, uses
from storage.store.store import Store


def status_of(config: PipelineConfig) -> list[str]:
    engine = StatusEngine(config.runtime)
    build(engine, config, "pipeline")
    return [plan.action for plan in engine.plans]


def test_verify_finds_an_altered_file_and_discards_it_and_what_was_made_of_it(
    experiment: Path, config: PipelineConfig
) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0
    file = next(config.runtime.store.glob("gather/*/curated-*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    found = runner.invoke(app, ["verify", str(experiment), "--json"])
    assert isinstance(found.exception, EquipoiseError)
    told = json.loads(found.stdout)
    assert len(told["faults"]) == 1 and "altered" in told["faults"][0]
    before = {node.label: node.manifest for node in run_here(config, "pipeline", announce=lambda line: None)}
    assert isinstance(runner.invoke(app, ["verify", str(experiment), "--discard"]).exception, EquipoiseError)
    states = {node.label: node.state for node in run_here(config, "pipeline", announce=lambda line: None)}
    again = {f"{made.stage}/{made.key}" for label, made in before.items() if made and states[label] == "ran"}
    assert again == {*told["damaged"], *told["descendants"]}
    assert {name.partition("/")[0] for name in again} >= {"gather", "report"}
    after = {node.label: node.manifest for node in run_here(config, "pipeline", announce=lambda line: None)}
    assert {label: made.digest for label, made in after.items() if made} == {
        label: made.digest for label, made in before.items() if made
    }
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0


def test_gc_keeps_what_the_experiment_needs(experiment: Path, config: PipelineConfig) -> None:
    before = sorted(config.runtime.store.glob("*/*/manifest.json"))
    assert CliRunner().invoke(app, ["gc", str(experiment), "--remove"]).exit_code == 0
    assert sorted(config.runtime.store.glob("*/*/manifest.json")) == before


def aged(folders: Iterable[Path]) -> None:
    """What changed within the hour is never collected."""
    for path in [file for folder in folders for file in (*folder.rglob("*"), folder)]:
        os.utime(path, (0, 0))


@pytest.fixture
def other(experiment: Path) -> Iterator[Path]:
    """Another experiment in the same store, curated."""
    values = yaml.safe_load(experiment.read_text())
    path = experiment.with_name("other.yaml")
    changes = {"balancing": {"method": "threshold", "t": 3}, "output": str(experiment.parent / "another")}
    path.write_text(yaml.safe_dump(values | changes), encoding="utf-8")
    assert CliRunner().invoke(app, ["run", str(path), "--no-server", "--verb", "curate"]).exit_code == 0
    yield path
    for use in uses(Store(load_config(path).runtime.store)):
        if use.name == "other":
            forget(use)
    shutil.rmtree(experiment.parent / "another")


def test_gc_never_takes_what_another_experiment_needs(experiment: Path, other: Path, config: PipelineConfig) -> None:
    def held() -> set[Path]:
        return {path.parent for path in config.runtime.store.glob("*/*/manifest.json")}

    both = held()
    aged(both)
    found = CliRunner().invoke(app, ["gc", str(experiment), "--remove", "--json"])
    assert found.exit_code == 0, found.output
    assert held() == both and json.loads(found.stdout)["items"] == []
    assert len(json.loads(found.stdout)["kept_for"]["other"]) > 10
    listed = CliRunner().invoke(app, ["gc", str(experiment)]).stdout
    assert f"kept for other ({experiment.parent / 'another'})" in " ".join(listed.split())
    with pytest.raises(InputError, match="no experiment 'nobody' to forget; the store knows other"):
        collect([experiment], ["nobody"])
    gc([experiment, other], remove=True)
    assert held() == both
    gc([experiment], remove=True, forget=["other"])
    assert {path.parent.name for path in both - held()} >= {"balance", "scale", "gather"}
    assert {path.parent.name for path in held()} >= {"ingest", "match", "balance", "gather"}
    assert set(status_of(config)) == {"cached"}


def test_gc_leaves_checkpoints_of_a_killed_run_of_another_experiment(experiment: Path, config: PipelineConfig) -> None:
    store = Store(config.runtime.store)
    key = "0123456789abcdef" * 2
    ledger = Ledger(store, "killed", experiment.parent / "killed", "one")
    ledger.add("train", key)
    aged([store.scratch(key), store.scratch("f" * 32)])
    assert CliRunner().invoke(app, ["gc", str(experiment), "--remove"]).exit_code == 0
    scratch = {path.name for path in (store.root / ".scratch").iterdir()}
    assert scratch == {key}
    gc([experiment], remove=True, forget=["killed"])
    assert not list((store.root / ".scratch").iterdir())


def test_gc_knows_runs_from_before_the_store_kept_ledgers(
    experiment: Path, other: Path, config: PipelineConfig
) -> None:
    for use in uses(Store(config.runtime.store)):
        if use.name == "other":
            forget(use)
    folder = experiment.parent / "another"
    (folder / "lineage.json").write_bytes((folder / "lineage.json").read_bytes())
    before = set(config.runtime.store.glob("*/*/manifest.json"))
    aged(path.parent for path in before)
    gc([experiment], remove=True)
    assert set(config.runtime.store.glob("*/*/manifest.json")) == before
    (folder / "lineage.json").write_text("{")
    with pytest.raises(InputError, match="does not say what its run needs"):
        gc([experiment], remove=True)


def test_two_stores_are_not_collected_at_once(experiment: Path, tmp_path: Path) -> None:
    values = yaml.safe_load(experiment.read_text())
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(values | {"store": str(tmp_path / "store")}), encoding="utf-8")
    with pytest.raises(InputError, match="2 stores"):
        gc([experiment, other])
