"""The evaluation graph: what is submitted, without running any of it."""

from pathlib import Path
from typing import Any

from flows.config.pipeline import load_config
from flows.graph.benchmarks import Dataset
from flows.graph.evaluate import evaluate_graph
from flows.graph.train import train_graph
from flows.records.scores import LABEL
from tests.flows.conftest import edit
from tests.flows.graph.recorder import Recorder, curation, screening
from tests.tasks.evaluation.conftest import write_classification


def test_a_benchmark_is_encoded_once_for_all_heads(small: Path) -> None:
    folders = {name: small.parent / name for name in ("timm", "bert")}
    for folder in folders.values():
        folder.mkdir()
    heads = {"half_steps": [0, 1, 2], "variants": ["original", "balanced"]}
    config = load_config(
        edit(
            small,
            training={"seeds": [0, 1], "heads": heads},
            encoder={f"{kind}_model": str(folders[name]) for kind, name in (("image", "timm"), ("text", "bert"))},
        )
    )
    assert config.evaluation
    engine, place = Recorder(), "somewhere"
    made: Any = train_graph(engine, config, screening(), curation())
    assert {trained.base.text_model.path.name for trained in made.models if trained.base} == {"bert"}
    scored = evaluate_graph(
        engine, config, made, {item.name: Dataset("", place) for item in config.evaluation.benchmarks}
    )
    benchmarks = len(config.evaluation.benchmarks)
    stages = list(engine.stages.values())
    assert stages.count("encode_benchmark") == benchmarks and stages.count("evaluate_heads") == benchmarks * 12
    assert stages.count("evaluate") == benchmarks * 6 and len(scored) == benchmarks * 18
    told = [found.groupdict() for label in engine.stages if (found := LABEL.fullmatch(label))]
    cells = [{"variant": each.cell.variant, "seed": str(each.cell.seed), "benchmark": each.cell.benchmark}
             for each in scored]  # fmt: skip
    assert told == cells  # so that what a run leaves of its scores knows whose they are


def test_a_probe_encodes_both_splits_once_and_the_model_is_scored_on_what_it_encoded(small: Path) -> None:
    sets = small.parent / "sets"
    write_classification(sets / "wds_cifar10", ["red", "green"], images=4, shards=1)
    (sets / "wds_cifar10" / "train").mkdir()
    heads = {"half_steps": [0, 1], "variants": ["original"]}
    config = load_config(
        edit(
            small,
            training={"seeds": [0], "heads": heads},
            encoder={"model": "trained"},
            evaluation={"root": str(sets), "names": ["cifar10"], "benchmarks": [{"name": "shape"}], "probe": {}},
        )
    )
    assert config.evaluation and [item.name for item in config.evaluation.benchmarks] == ["shape", "cifar10"]
    assert [item.name for item in config.evaluation.probed] == ["cifar10"]
    assert type(config).model_validate(config.model_dump(mode="json")) == config
    engine = Recorder()
    made: Any = train_graph(engine, config, screening(), curation())
    scored = evaluate_graph(
        engine, config, made, {item.name: Dataset("", "place") for item in config.evaluation.benchmarks}
    )
    stages = list(engine.stages.values())
    models = sum(trained.base is None for trained in made.models)
    assert stages.count("probe_encoded") == models + 2 and stages.count("evaluate_encoded") == models
    assert stages.count("evaluate") == models and stages.count("evaluate_heads") == 2 * 2
    assert stages.count("encode_benchmark") == 2 * models + 2 + 1  # of models, of the heads' encoder, and of `shape`
    assert sum(each.cell.benchmark == "cifar10 (linear probe)" for each in scored) == models + 2
