"""Names in the Prefect UI."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_experiment
from flows.naming import artifact_key, experiment_name, run_name, run_tags


@pytest.mark.parametrize(
    "words, key",
    [
        (("demo", "train balanced, seed 0"), "demo-train-balanced-0"),
        (("demo", "fine-tune balanced, T-REGS, seed 12"), "demo-fine-tune-balanced-t-regs-12"),
        (("My_run.2", "ingest scenes 1/4"), "my-run-2-ingest-scenes-1-4"),
        (("", "evaluate"), "evaluate"),
        (("жук",), "equipoise"),
        (("seedling seed x",), "seedling-seed-x"),
    ],
)
def test_keys_speak(words: tuple[str, ...], key: str) -> None:
    assert artifact_key(*words) == key


def test_a_run_is_called_by_experiment_and_verb(small: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    named = tmp_path / "file.yaml"
    named.write_text("name: inner")
    for config, name in (
        (load_experiment(small), "small"),
        ({"name": "posted"}, "posted"),
        (str(small), "small"),
        (named, "inner"),
        (broken, "broken"),
        (tmp_path / "missing.yaml", "missing"),
        (None, "None"),
    ):
        assert experiment_name(config) == name
    assert run_name(small, "curate") == "small curate"
    assert run_tags("small", "train") == ["equipoise", "small", "train"]
