"""The training graph: what is submitted, without running any of it."""

from pathlib import Path
from typing import Any, get_args

import pytest

from flows.config.pipeline import load_config
from flows.graph.train import train_graph
from tasks.reporting.inputs.stage_outputs import Screening
from tasks.training.config import RegulariserConfig
from tests.flows.conftest import edit
from tests.flows.graph.recorder import Recorder, curation, screening


@pytest.mark.parametrize("kind", get_args(RegulariserConfig.model_fields["kind"].annotation))
def test_the_control_of_a_finetuning_has_no_regulariser_of_any_kind(small: Path, kind: str) -> None:
    regulariser = {"kind": kind} | ({"gamma": 0.1, "lambda_": 0.1} if kind == "tregs" else {"weight": 0.1})
    training = {"seeds": [0], "finetune": {"settings": {"regulariser": regulariser}, "variants": ["original"]}}
    config = load_config(edit(small, training=training, encoder=None, geometry=None))
    engine = Recorder()
    train_graph(engine, config, screening(), curation())
    arms = [engine.submitted[f"fine-tune original, {arm}, seed 0"]["config"] for arm in ("T-REGS", "no T-REGS")]
    assert [arm.regulariser.active for arm in arms] == [True, False]
    assert arms[0].model_copy(update={"regulariser": arms[1].regulariser}) == arms[1]


def test_every_variant_and_seed_gets_its_own_rows(small: Path) -> None:
    training = {"seeds": [0, 1], "heads": {"half_steps": [0, 1], "variants": ["balanced"]}}
    config = load_config(edit(small, training=training))
    engine = Recorder()
    made = train_graph(engine, config, screening(), curation())
    assert len([label for label in engine.submitted if label.startswith("train ")]) == 6
    assert engine.submitted["train original, seed 0"]["pairs"] == ["pairs 0", "pairs 1"]
    assert engine.submitted["train balanced, seed 1"]["pairs"] == ["gather 0", "gather 1"]
    assert engine.submitted["train random, seed 1"]["selection"] == ["thin 0", "thin 1"]
    heads = [trained for trained in made.models if trained.base is not None]
    assert {trained.base.model for trained in heads} == {"train original, seed 0"} and len(heads) == 4
    assert engine.submitted["heads k=1, balanced, seed 1"]["config"].loss.half_steps == 1


def test_what_is_gone_is_in_no_variant(small: Path) -> None:
    config = load_config(edit(small, training={"seeds": [0]}))
    engine = Recorder()
    groups = screening().ingested
    gone: list[Any] = ["drop 0", "drop 1"]
    train_graph(engine, config, Screening(groups, gone), curation())
    assert engine.submitted["train original, seed 0"]["gone"] == gone
    assert engine.submitted["train random, seed 0"]["gone"] == gone
    assert engine.submitted["train balanced, seed 0"]["gone"] == []
    assert [engine.submitted[f"embed {index}"]["gone"] for index in (0, 1)] == gone


def test_no_variant_is_trained_or_embedded_before_the_curation_is_judged(small: Path) -> None:
    recorder = Recorder()
    train_graph(recorder, load_config(small), screening(), curation())
    waiting = {label for label, before in recorder.after.items() if before == ("realised", "gather 0", "gather 1")}
    assert {"train original, seed 0", "train balanced, seed 0", "train random, seed 0", "embed 0", "embed 1"} == waiting
