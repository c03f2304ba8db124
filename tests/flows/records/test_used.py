"""Who used a shard or a row: held against what the tables of the run hold."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.command import app
from flows.commands.reading.where_used import told
from flows.config.pipeline import PipelineConfig, load_config
from flows.records.used import output_used, row_used
from flows.run import run_here
from storage.errors import InputError
from storage.store.store import Store
from storage.tables.ids import spelled_id
from storage.tables.shards import read_table

SHORT = {"settings": {"steps": 1, "batch": 16}, "seeds": [0]}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[PipelineConfig, Path]:
    """The small experiment after a run of `train`, with one row taken down."""
    import yaml

    from tests.flows.conftest import SMALL

    folder = tmp_path_factory.mktemp("used")
    values = SMALL | {"output": str(folder / "run"), "store": str(folder / "store"), "training": SHORT, "encoder": None,
                      "geometry": None, "evaluation": None}  # fmt: skip
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(values))
    config = load_config(path)
    run_here(config, "curate", announce=lambda line: None)
    first = ids_of(config, "ingest", "*/pairs-*.parquet")[0]
    values["balancing"] = SMALL["balancing"] | {"takedown": [first]}
    path.write_text(yaml.safe_dump(values))
    config = load_config(path)
    run_here(config, "train", announce=lambda line: None)
    return config, path


def ids_of(config: PipelineConfig, stage: str, pattern: str) -> list[int]:
    paths = sorted((config.runtime.store / stage).glob(pattern))
    return [each for path in paths for each in read_table(path, ["id"])["id"].to_pylist()]


def labels(config: PipelineConfig, identity: int) -> set[str]:
    newest, used = row_used(Store(config.runtime.store), identity).runs[0]
    assert newest.verb == "train"
    return {label for label in used if label.startswith("train")}


def test_a_training_used_the_rows_that_it_drew(trained: tuple[PipelineConfig, Path]) -> None:
    config, _ = trained
    every = ids_of(config, "ingest", "*/pairs-*.parquet")
    nodes = json.loads((config.results("train") / "lineage.json").read_text())["nodes"]
    drawn: dict[str, set[int]] = {"balanced": set(), "random": set()}
    for node in nodes:
        for name, stage, pattern in (("balanced", "gather", "curated"), ("random", "thin", "selection")):
            if node["stage"] == stage:
                drawn[name] |= set(ids_of(config, stage, f"{node['key']}/{pattern}-*.parquet"))
    for identity in every[1:12]:
        expected = {"train original, seed 0"} | {f"train {name}, seed 0" for name in drawn if identity in drawn[name]}
        assert labels(config, identity) == expected
    assert any(identity not in drawn["balanced"] for identity in every[1:12])
    assert labels(config, every[0]) == set()  # taken down


def test_a_shard_was_used_by_what_reads_it(trained: tuple[PipelineConfig, Path]) -> None:
    config, path = trained
    store = Store(config.runtime.store)
    nodes = json.loads((config.results("train") / "lineage.json").read_text())["nodes"]
    key = next(node["key"] for node in nodes if node["stage"] == "thin")
    shard = next(iter(sorted(store.root.glob(f"thin/{key}/selection-*.parquet"))))
    used = output_used(store, str(shard))
    assert used and {each.stage for each in used.outputs} == {"thin", "train", "report"}
    assert output_used(store, f"thin/{shard.parent.name}") == used
    by_key = output_used(store, shard.parent.name[:12])
    assert by_key and by_key.found == used.found
    assert output_used(store, "nothing of it") is None
    with pytest.raises(InputError, match="below STAGE/KEY"):
        output_used(store, str(store.root / "thin"))
    assert told(used)[0] == "in" and f"  thin/{shard.parent.name}" in told(used)
    row = spelled_id(ids_of(config, "ingest", "*/pairs-*.parquet")[3])
    answer = CliRunner().invoke(app, ["where-used", str(path), row])
    assert answer.exit_code == 0 and "train original, seed 0" in answer.stdout
    assert isinstance(CliRunner().invoke(app, ["where-used", str(path), "0x1"]).exception, InputError)
