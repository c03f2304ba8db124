"""`equipoise study NAME`: a study that is a flow, from its file to its page, without a server and under one."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from flows.commands.serving.carry_out import carry_out
from flows.commands.studies.study import studies
from flows.commands.studies.study_flows import STUDY_FLOWS, study_experiment
from flows.config.pipeline import load_experiment
from flows.config.studies.study import study_file
from flows.engine.status import StatusEngine
from flows.graph.build import build
from flows.graph.studies.study import GRAPHS
from flows.pipeline import study
from storage.errors import InputError
from tests.paths import ROOT

TINY: dict[str, Any] = {
    "kind": "balance-k",
    "data": {
        "sources": [{"kind": "scenes", "name": "scenes", "rows": 100, "rows_per_group": 50}],
        "encoder": {"model": None, "settings": {"architecture": {}}},
    },
    "heads": {"steps": 3, "batch": 16},
    "settings": {
        "half_steps": 2, "image_clusters": 2, "text_clusters": 2, "batches": [16, 32], "repetitions": 30, "corpus": 64,
        "corpora": 20, "directions": 4, "contrast_batch": 8, "contrasts": 5, "resamples": 100, "edition": "small",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump({"output": str(folder / "run"), "store": str(folder / "store"), "study": TINY}))
    return path


def test_a_study_leaves_its_page_and_prints_its_answer(config: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        studies, ["balance-k", "--config", str(config), "--to", str(tmp_path / "to"), "--no-server"]
    )
    assert done.exit_code == 0, done.output
    numbers = json.loads((tmp_path / "to" / "numbers.json").read_text())
    assert numbers["answer"][0] in done.stdout and "index.html" in done.stdout
    page = (tmp_path / "to" / "index.html").read_text()
    assert "<code>training.finite</code>" in page and "<code>embedding.rejected</code>" in page
    assert "experiment.yaml" in page and "<!--" not in page
    assert (tmp_path / "to" / "figures" / "in-batch.svg").is_file() and (tmp_path / "to" / "lineage.json").is_file()
    assert not (tmp_path / "store").exists() and (config.parent / "store").is_dir()
    again = CliRunner().invoke(studies, ["balance-k", "--config", str(config), "--no-server", "--json"])
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["summary"]["answer"] == numbers["answer"]


def test_what_is_missing_is_said_before_work_starts(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment = load_experiment(config).model_copy(update={"device": "cuda:77"})
    with pytest.raises(InputError, match="`device` is cuda:77"):
        carry_out(experiment, "study", no_server=True, as_json=False)
    assert "starts" not in capsys.readouterr().err


def test_the_flow_takes_what_is_in_the_store(config: Path, prefect_server: Any) -> None:
    experiment = load_experiment(config)
    study(experiment)
    engine = StatusEngine(experiment.runtime)
    build(engine, experiment, "study")
    assert {plan.action for plan in engine.plans} == {"cached"}
    assert (experiment.folder / "index.html").is_file()


def test_what_is_asked_for(config: Path) -> None:
    with pytest.raises(InputError, match="drop one of them"):
        study_experiment("balance-k", small=True, config=config, to=None)
    other = config.parent / "other.yaml"
    other.write_text("sources: [{kind: scenes}]\nmetadata: {sources: [{kind: entries, entries: [a]}]}\n")
    with pytest.raises(InputError, match="no configuration of the study balance-k, but of a pipeline"):
        study_experiment("balance-k", small=False, config=other, to=None)


def test_every_kind_has_a_command_and_both_editions() -> None:
    assert set(STUDY_FLOWS) == set(GRAPHS)
    assert {command.name for command in studies.registered_commands} >= set(STUDY_FLOWS)
    for name in STUDY_FLOWS:
        assert study_file(name, small=True).is_file() and study_file(name, small=False).is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["balance-k", "curation", "online", "baselines", "illustration", "clustering", "tregs-ssl", "tregs-coefficients",
     "tregs-cost", "tregs-points", "tregs-retrieval"],
)  # fmt: skip
def test_the_small_edition_runs_on_real_data(
    name: str, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # its paths are relative to the project
    if not Path("../shared/models/minilm_l3").is_dir():
        pytest.skip("no models at ../shared/models")
    monkeypatch.setenv("EQUIPOISE_STORE", str(tmp_path / "store"))
    done = CliRunner().invoke(studies, [name, "--small", "--to", str(tmp_path / "to"), "--no-server"])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "to" / "numbers.json").read_text())["edition"] == "small"
