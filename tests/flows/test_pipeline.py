"""The whole pipeline, small: under a real Prefect server and without one, in one store."""

import base64
import json
import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    LogFilter,
    LogFilterTaskRunId,
    TaskRunFilter,
    TaskRunFilterName,
)

from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.status import StatusEngine
from flows.graph.build import build
from flows.pipeline import curate, pipeline
from flows.run import run_here
from storage.errors import CheckError, InputError
from tests.flows.conftest import edit
from tests.flows.test_command import loaded_by


def plan(config: PipelineConfig) -> dict[str, str]:
    engine = StatusEngine(config.runtime)
    build(engine, config, "pipeline")
    return {item.label: item.action for item in engine.plans}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, prefect_server: Any) -> PipelineConfig:
    """The small experiment after a run under Prefect."""
    import yaml

    from tests.flows.conftest import SMALL

    folder = tmp_path_factory.mktemp("pipeline")
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(SMALL | {"output": str(folder / "run"), "store": str(folder / "store")}))
    config = load_config(path)
    pipeline(config)
    return config


def test_the_run_leaves_a_report_a_summary_and_a_lineage(finished: PipelineConfig) -> None:
    summary = json.loads((finished.folder / "summary.json").read_text())
    assert {"original", "balanced", "random"} <= set(summary["variants"])
    for variant in ("original", "balanced", "random"):
        score = summary["variants"][variant]["shape"]
        assert 0 <= score["mean"] <= 1 and list(score["seeds"]) == ["0"]
    assert "<html" in (finished.folder / "report.html").read_text()
    lineage = json.loads((finished.folder / "lineage.json").read_text())
    keys = {node["key"] for node in lineage["nodes"]}
    assert {edge["from"] for edge in lineage["edges"]} | {edge["to"] for edge in lineage["edges"]} <= keys
    assert lineage["states"]["failed"] == 0


def test_a_run_from_the_cache_loads_nothing_that_only_work_needs(finished: PipelineConfig) -> None:
    """Half of such a run was imports: of pandas by Arrow, and of OpenLineage's transports."""
    assert loaded_by("run", finished.folder.parent / "small.yaml", "--no-server") == "[]"


def test_the_server_has_the_lineage_artifact(finished: PipelineConfig) -> None:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["small-lineage"])))
        runs = client.read_flow_runs()
    page = str(found[0].data)
    pictures = [base64.b64decode(each) for each in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)]
    assert len(pictures) == 2 and all(ET.fromstring(picture).tag.endswith("svg") for picture in pictures)
    assert "## The selection" in page and "| effective sample size |" in page and "## Scores" in page
    named = [run for run in runs if run.name == "small pipeline"]
    assert named and set(named[0].tags) >= {"equipoise", "small", "pipeline"}


def test_each_task_run_has_a_page_that_says_why(finished: PipelineConfig) -> None:
    curate(finished)
    with get_client(sync_client=True) as client:
        key = ArtifactFilter(key=ArtifactFilterKey(any_=["small-match-0"]))
        (first,) = client.read_artifacts(artifact_filter=key)
        task_run = client.read_task_run(first.task_run_id)
        named = TaskRunFilter(name=TaskRunFilterName(any_=["match 0"]))
        (cached,) = [run for run in client.read_task_runs(task_run_filter=named) if run.state_name == "Cached"]
        asked = LogFilter(task_run_id=LogFilterTaskRunId(any_=[cached.id]))
        lines: list[str] = []
        for _ in range(300):  # Prefect hands lines to its server some seconds later
            lines = [each.message for each in client.read_logs(asked) if "made by" in each.message]
            if lines:
                break
            time.sleep(0.1)
    page = str(first.data).replace("\\", "")
    assert "| ended | ran |" in page and "never run" in page and str(finished.runtime.store) in page
    assert first.description.startswith("ran in ") and task_run.name == "match 0"
    assert first.flow_run_id is None  # the flow run's own page keeps what is about all of it
    (line,) = lines  # a cached run has its line alone
    assert line.startswith("cached: ") and "rows" in line and "made by small pipeline" in line and "; match/" in line


def test_a_run_that_failed_has_its_lineage_too(tmp_path: Path, prefect_server: Any) -> None:
    (tmp_path / "titles.tsv").write_text("title\tfilepath\nnothing of note\ta/1\n")
    config = PipelineConfig.model_validate({
        "name": "broken", "output": tmp_path / "run",
        "sources": [{"kind": "balance_csv", "name": "t", "path": str(tmp_path / "titles.tsv"), "images": "none"}],
        "metadata": {"sources": [{"kind": "entries", "entries": ["red"]}]},
    })  # fmt: skip
    with pytest.raises(InputError, match="none of the 1 captions"):
        curate(config)
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["broken-lineage"])))
    assert "none of the 1 captions" in str(found[0].data) and "ingest" in str(found[0].data)


def test_a_second_run_without_the_server_is_all_cached(finished: PipelineConfig) -> None:
    assert set(plan(finished).values()) == {"cached"}
    assert {node.state for node in run_here(finished, "pipeline", announce=lambda line: None)} == {"cached"}


def test_a_deleted_shard_reruns_only_what_made_it(finished: PipelineConfig) -> None:
    shard = sorted((finished.runtime.store / "match").glob("*/matches-*.parquet"))[0]
    shard.unlink()
    assert sorted(plan(finished).values()).count("run") == 1
    states = {node.label: node.state for node in run_here(finished, "pipeline", announce=lambda line: None)}
    assert sorted(label for label, state in states.items() if state == "ran") in (["match 0"], ["match 1"])


def test_runs_do_not_depend_on_the_groups(small: Path) -> None:
    outcomes = []
    for name, rows in (("one", 240), ("few", 120), ("many", 17)):
        source = {"kind": "scenes", "rows": 240, "rows_per_group": rows}
        config = load_config(
            edit(small, sources=[source], store=str(small.parent / name), training=None, evaluation=None,
                 encoder=None, geometry=None)
        )  # fmt: skip
        nodes = run_here(config, "curate", announce=lambda line: None)
        manifests = {node.label: node.manifest for node in nodes if node.manifest}
        shards = [file for label in manifests if label.startswith("gather") for file in manifests[label].files]
        outcomes.append(
            [manifests[label].digest for label in ("balance", "scale", "realise", "subsample")]
            + sorted((file.path, file.hash) for file in shards)
        )
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_a_refused_run_fails_and_shows_its_checks(small: Path, prefect_server: Any) -> None:
    limits = {"balancing": {"effective_sample_size": {"severity": "error", "least": 0.999}}}
    bare = {"training": None, "evaluation": None, "encoder": None, "geometry": None}
    config = load_config(edit(small, name="refused", checks=limits, **bare))
    with pytest.raises(CheckError, match="refused was stopped by a check: balance"):
        curate(config)
    with get_client(sync_client=True) as client:
        (table,) = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["refused-checks"])))
    rows = json.loads(str(table.data))
    assert (rows[0]["check"], rows[0]["result"]) == ("balancing.effective_sample_size", "error")
    assert rows[-1]["result"] == "passed" and "1 error" in str(table.description)
