"""`card`, and the Hugging Face folder with it, on a small curation."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from flows.command import app
from flows.commands.delivery.card import about, described_shards, facts_of
from flows.config.pipeline import PipelineConfig, load_config
from flows.graph.stored import stored_curation
from storage.errors import InputError
from tasks.resampling.stats import RealiseStats


@pytest.fixture
def asked(experiment: Path, config: PipelineConfig, tmp_path: Path) -> Path:
    """The same curation with its card filled in, and with its store below the run's folder."""
    values = yaml.safe_load(experiment.read_text())
    shutil.copytree(config.runtime.store, tmp_path / "run" / "store")
    values |= {
        "output": str(tmp_path / "run"),
        "store": str(tmp_path / "run" / "store"),
        "card": {"licence": "cc-by-4.0", "creators": ["A & <b>"], "published": "2026-11-26", "examples": 3},
    }
    path = tmp_path / "asked.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_both_files_tell_the_run(asked: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["card", str(asked)])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "run" / "card.md").read_text()
    stored = stored_curation(load_config(asked))
    selection = RealiseStats.of(stored.curation.realised)
    assert f"| different pairs | {selection.distinct:,} |" in text
    assert "| licence | cc-by-4.0 |" in text and "| citation | *to be filled in* |" in text
    assert "A &amp; &lt;b&gt;" in text and "| scenes | scenes |" in text
    told = json.loads((tmp_path / "run" / "croissant.json").read_text())
    assert told["creator"][0]["name"] == "A & <b>" and told["license"] == "cc-by-4.0"


def test_the_curated_shards_are_read_through_croissant(asked: Path, tmp_path: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    logging.getLogger("absl").setLevel(logging.ERROR)
    CliRunner().invoke(app, ["card", str(asked)])
    described = mlcroissant.Dataset(jsonld=str(tmp_path / "run" / "croissant.json"))
    assert described.metadata.ctx.issues.errors == set()
    first = next(iter(described.records("pairs")))
    assert first["pairs/caption"].decode() and first["pairs/image"].size


def test_a_store_elsewhere_has_a_card_and_a_sentence(experiment: Path, config: PipelineConfig, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["card", str(experiment), str(tmp_path)])
    assert done.exit_code == 0 and "can name files below" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]
    stored = stored_curation(config)
    with pytest.raises(InputError, match="export --format huggingface"):
        described_shards(stored, tmp_path, about(facts_of(config, stored)))


def test_the_exported_folder_begins_with_the_card(asked: Path, tmp_path: Path) -> None:
    call = ["export", str(asked), str(tmp_path / "out"), "--format", "huggingface"]
    assert CliRunner().invoke(app, call).exit_code == 0
    CliRunner().invoke(app, ["card", str(asked)])
    _, header, body = (tmp_path / "out" / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(header)["license"] == "cc-by-4.0"
    assert body.strip() == (tmp_path / "run" / "card.md").read_text().strip()


def test_a_run_whose_shards_are_linked_beside_its_report_has_both_files(experiment: Path, tmp_path: Path) -> None:
    values = yaml.safe_load(experiment.read_text())
    folder, linked = tmp_path / "here", tmp_path / "linked.yaml"
    linked.write_text(yaml.safe_dump(values | {"output": str(folder)}))
    stored = stored_curation(load_config(linked))
    (folder / "curated").mkdir(parents=True)
    for shard in stored.shards():
        (folder / "curated" / shard.name).symlink_to(shard)
    done = CliRunner().invoke(app, ["card", str(linked)])
    assert done.exit_code == 0, done.output
    told = json.loads((folder / "croissant.json").read_text())
    assert "curated/curated-00000.parquet" in json.dumps(told)
