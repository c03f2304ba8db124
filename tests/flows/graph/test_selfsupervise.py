"""The self-supervised graph: every backbone is probed trained and untrained, and the report gets all of it by name."""

import pytest

from flows.config.pipeline import load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.graph.selfsupervise import selfsupervise_graph
from tests.flows.graph.recorder import Recorder
from tests.paths import ROOT, SHARED_DATA


def test_every_backbone_is_probed_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    if not SHARED_DATA.is_dir() or not (ROOT.parent / "shared").is_dir():
        pytest.skip("real data not found beside the project")
    monkeypatch.chdir(ROOT)
    config = load_experiment(ROOT / "configs" / "cifar10_selfsupervised_short.yaml")
    assert isinstance(config, SelfSupervisedExperiment)
    engine = Recorder()
    assert selfsupervise_graph(engine, config) == "report"
    probes = {label: inputs for label, inputs in engine.submitted.items() if label.startswith("probe ")}
    assert len(probes) == 2 * len(config.selfsupervised.seeds)
    for seed in config.selfsupervised.seeds:
        trained, untrained = probes[f"probe trained, seed {seed}"], probes[f"probe untrained, seed {seed}"]
        assert trained["model"] == untrained["model"] == f"self-supervised, seed {seed}"
        assert (trained["untrained"], untrained["untrained"]) == (False, True)
    report = engine.submitted["report"]
    assert [each.seed for each in report["models"]] == list(config.selfsupervised.seeds)
    assert "survey" in report["pairs"] and report["checks"] == config.checks
    assert {each.run.variant for each in report["scores"]} == {"trained", "untrained"}
