"""The evaluation graph: what is submitted, without running any of it."""

from pathlib import Path
from typing import Any

from flows.config.pipeline import load_config
from flows.graph.benchmarks import Dataset
from flows.graph.evaluate import evaluate_graph
from flows.graph.train import train_graph
from tests.flows.conftest import edit
from tests.flows.graph.recorder import Recorder, curation, screening


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
