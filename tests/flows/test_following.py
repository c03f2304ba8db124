"""What follows a finished verb, with which configuration, and when nothing does."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine.engine import Node
from flows.following import _anchored, announcement, brought, is_new, next_verb, portable, remember
from storage.record.manifest import Manifest
from tests.flows.conftest import edit
from tests.paths import ROOT


def node(label: str, digest: str, stage: str = "gather") -> Node:
    manifest = Manifest(stage=stage, key=label, digest=digest, files=(), code="", created=datetime.now(UTC))
    return Node(label, stage, "ran", manifest)


def test_equal_bytes_bring_nothing_new(tmp_path: Path) -> None:
    nodes = [node("gather 0", "a"), node("thin 0", "b")]
    digest = brought(nodes)
    assert is_new(tmp_path, "curate", digest)
    remember(tmp_path, "curate", digest)
    again = [replace(nodes[1], state="cached"), nodes[0], node("report", "other", stage="report")]
    assert brought(again) == digest and not is_new(tmp_path, "curate", brought(again))
    assert is_new(tmp_path, "train", digest)
    assert is_new(tmp_path, "curate", brought([*nodes, node("gather 1", "c")]))


def test_an_unreadable_memory_is_none(tmp_path: Path) -> None:
    (tmp_path / "announced.json").write_text("[")
    assert is_new(tmp_path, "curate", "x")


def test_who_follows_whom(small: Path) -> None:
    config = load_experiment(small)
    assert [next_verb(config, verb) for verb in ("curate", "train", "evaluate", "pipeline")] == [
        "train", "evaluate", None, None,
    ]  # fmt: skip
    without = load_experiment(edit(small, evaluation=None))
    assert next_verb(without, "curate") == "train" and next_verb(without, "train") is None


@pytest.mark.parametrize("file", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_configuration_survives_its_event(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    config = load_experiment(file)
    values, store = portable(config), config.runtime.store  # which store depends on what lies in the folder
    monkeypatch.chdir(tmp_path)  # the worker may stand elsewhere
    kind = SelfSupervisedExperiment if "selfsupervised" in values else PipelineConfig
    again = kind.model_validate(values)
    assert again.folder == ROOT / config.folder and again.runtime.store == ROOT / store
    assert portable(again) == values
    said, known = (each.model_dump_json(exclude={"output", "store"}) for each in (again, config))
    assert said.replace(f"{ROOT}/", "") == known


def test_the_event_is_named_by_the_deployment_it_came_from(small: Path) -> None:
    config = load_experiment(small)
    event = announcement(config, "curate", "d", deployment=None)
    assert event["event"] == "equipoise.curated" and event["payload"]["config"]["name"] == "small"
    assert event["resource"]["prefect.resource.id"] == "equipoise.experiment.small"
    other = announcement(config, "train", "d", deployment="demo")
    assert other["event"] == "equipoise.trained"
    assert other["resource"]["prefect.resource.id"] == "equipoise.experiment.demo"


def test_a_url_stays_one() -> None:
    place = pytest.importorskip("upath").UPath("memory://bucket/x.parquet")
    assert _anchored({"a": [place, Path("x")]}) == {"a": ["memory://bucket/x.parquet", str(Path("x").absolute())]}


def test_a_signature_is_in_no_event_but_in_a_file_of_ones_own(small: Path) -> None:
    pytest.importorskip("upath")
    source = {
        "kind": "table",
        "name": "far",
        "path": "https://example.org/a.csv?token=SECRET",
        "caption_column": "text",
    }
    config = load_experiment(edit(small, sources=[source], evaluation=None))
    event = announcement(config, "curate", "d", deployment=None)
    assert "SECRET" not in str(event)
    file = Path(event["payload"]["config"])
    assert file.parent == config.folder and file.stat().st_mode & 0o777 == 0o600
    again = load_experiment(file)  # as the run that follows reads it
    assert portable(again) == portable(config) and "SECRET" in str(portable(again))
