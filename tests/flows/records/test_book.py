"""What every run leaves: lineage on disk and an entry in the book, so that the next run can say who made what."""

import json
from pathlib import Path

from flows.config.pipeline import load_config
from flows.engine.here import LocalEngine
from flows.records.book import enter
from storage.store.runs import runs
from tests.flows.engine.test_engine import graph


def test_a_reused_output_names_the_run_that_made_it(small: Path) -> None:
    config = load_config(small)
    described = []
    for verb in ("curate", "train"):
        engine = LocalEngine(config.runtime, parallel=1)
        graph(engine, 4)
        described.append(enter(config, verb, engine.finish()))  # type: ignore[arg-type]
    first, second = described
    assert [node.why for node in first] == [("never run",)] * 2
    newest, oldest = runs(config.runtime.store)
    assert (newest.verb, oldest.verb) == ("train", "curate") and newest.flow_run is None
    assert [node.why for node in second] == [(f"made by {oldest.words}",)] * 2
    assert {use.state for use in newest.uses} == {"cached"}
    lineage = json.loads((config.results("train") / "lineage.json").read_text())
    assert [node["why"] for node in lineage["nodes"]] == [[f"made by {oldest.words}"]] * 2
