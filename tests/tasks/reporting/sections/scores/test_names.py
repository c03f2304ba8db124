"""Names of variants in words."""

from flows.config.pipeline import load_config
from flows.engine.status import StatusEngine
from flows.graph.build import build
from tasks.reporting.sections.scores.names import meaning, meanings
from tests.paths import ROOT


def test_what_each_name_means() -> None:
    assert "control" in meaning("random")
    assert "“balanced”" in meaning("balanced + T-REGS") != meaning("balanced + no T-REGS")
    assert "CLIP’s loss" in meaning("heads k=1, balanced") and "3 half steps" in meaning("heads k=3, original")
    assert meaning("without balancing + mine") == meaning("seed 1") == ""


def test_each_is_said_once_and_a_strangers_name_is_left_alone() -> None:
    assert [name for name, _ in meanings(["original", "mine", "original", "random"])] == ["original", "random"]


def test_every_variant_that_the_demo_trains_has_a_meaning() -> None:
    engine = StatusEngine(load_config(ROOT / "configs" / "demo.yaml").runtime)
    build(engine, load_config(ROOT / "configs" / "demo.yaml"), "pipeline")
    trained = {plan.label.split(", seed")[0].removeprefix("train ").removeprefix("fine-tune ").replace(", ", " + ")
               for plan in engine.plans if plan.stage in ("train", "finetune")}  # fmt: skip
    assert len(trained) == 5 and all(meaning(name) for name in trained)
