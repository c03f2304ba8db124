"""The training graph: what is submitted, without running any of it."""

from pathlib import Path
from types import SimpleNamespace

from flows.config.pipeline import load_config
from flows.graph.curate import Data
from flows.graph.train import train_graph
from tests.flows.conftest import edit


class Recorder:
    """An engine that runs nothing."""

    def __init__(self) -> None:
        self.submitted: dict[str, tuple[object, ...]] = {}

    def submit(self, stage: object, *arguments: object, label: str) -> str:
        self.submitted[label] = arguments
        return label


def test_the_control_of_a_finetuning_has_no_regulariser_of_any_kind(small: Path) -> None:
    regulariser = {"kind": "koleo", "weight": 0.1}
    training = {"seeds": [0], "finetune": {"settings": {"regulariser": regulariser}, "variants": ["original"]}}
    config = load_config(edit(small, training=training, encoder=None, geometry=None))
    curation = SimpleNamespace(variants={"original": Data(())})
    engine = Recorder()
    train_graph(engine, config, curation)
    arms = [engine.submitted[f"fine-tune original, {arm}, seed 0"][0] for arm in ("T-REGS", "no T-REGS")]
    assert [arm.regulariser.active for arm in arms] == [True, False]
    assert arms[0].model_copy(update={"regulariser": arms[1].regulariser}) == arms[1]
