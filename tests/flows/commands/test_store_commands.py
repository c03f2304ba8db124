"""`verify` and `gc`, on a small curation."""

import os
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from flows.command import app
from flows.commands.store_commands import gc
from flows.config.pipeline import PipelineConfig
from flows.run import run_here
from storage.errors import EquipoiseError, InputError


def test_verify_finds_an_altered_file_and_discards_it(experiment: Path, config: PipelineConfig) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0
    file = next(config.runtime.store.glob("gather/*/curated-*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    found = runner.invoke(app, ["verify", str(experiment)])
    assert isinstance(found.exception, EquipoiseError) and "altered" in found.output
    assert isinstance(runner.invoke(app, ["verify", str(experiment), "--discard"]).exception, EquipoiseError)
    states = {node.label: node.state for node in run_here(config, "pipeline", announce=lambda line: None)}
    (again,) = [label for label, state in states.items() if state == "ran"]
    assert again.startswith("gather")
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0


def test_gc_keeps_what_the_experiment_needs(experiment: Path, config: PipelineConfig) -> None:
    before = sorted(config.runtime.store.glob("*/*/manifest.json"))
    assert CliRunner().invoke(app, ["gc", str(experiment), "--remove"]).exit_code == 0
    assert sorted(config.runtime.store.glob("*/*/manifest.json")) == before


def test_what_another_target_left_behind_is_garbage(experiment: Path, config: PipelineConfig) -> None:
    values = yaml.safe_load(experiment.read_text())
    other = experiment.with_name("other.yaml")
    other.write_text(yaml.safe_dump(values | {"balancing": {"method": "threshold", "t": 3}}), encoding="utf-8")
    before = set(config.runtime.store.glob("*/*/manifest.json"))
    assert CliRunner().invoke(app, ["run", str(other), "--no-server", "--verb", "curate"]).exit_code == 0
    made = set(config.runtime.store.glob("*/*/manifest.json")) - before
    assert made
    gc([experiment, other], remove=True)
    assert made <= set(config.runtime.store.glob("*/*/manifest.json"))
    gc([experiment])
    assert made <= set(config.runtime.store.glob("*/*/manifest.json"))
    for path in [file for manifest in made for file in (*manifest.parent.rglob("*"), manifest.parent)]:
        os.utime(path, (0, 0))  # what changed within the hour is never collected
    gc([experiment], remove=True)
    assert set(config.runtime.store.glob("*/*/manifest.json")) == before


def test_two_stores_are_not_collected_at_once(experiment: Path, tmp_path: Path) -> None:
    values = yaml.safe_load(experiment.read_text())
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(values | {"store": str(tmp_path / "store")}), encoding="utf-8")
    with pytest.raises(InputError, match="2 stores"):
        gc([experiment, other])
