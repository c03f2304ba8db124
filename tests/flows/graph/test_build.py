"""Whole graphs of verbs: who is handed what, without running anything."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_config, load_experiment
from flows.config.plans.screening import ScreeningEncoder
from flows.config.plans.training import EncoderPlan
from flows.graph.benchmarks import datasets
from flows.graph.build import build, curate
from flows.graph.curate import selections, variants
from flows.graph.evaluate import evaluate_graph
from flows.graph.ingest import ingest_graph
from flows.graph.report import report_graph
from flows.graph.words import encoder_in_words
from storage.errors import InputError
from storage.tree import leaves
from tasks import checks
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.reporting.config import RunLabel
from tasks.reporting.inputs.stage_outputs import Screening, Trained, Training
from tests.flows.conftest import edit
from tests.flows.graph.recorder import Recorder, curation, screening
from tests.paths import ROOT

LEAKY = {"encoder": {"settings": {"encoder": "pixels", "modality": "image"}}, "deduplicate": {}, "leakage": {}}


def test_each_verb_includes_the_one_before(small: Path) -> None:
    config = load_config(small)
    runs = []
    for verb in ("curate", "train", "evaluate", "pipeline"):
        engine = Recorder()
        report = build(engine, config, verb)  # type: ignore[arg-type]
        assert report == "report"
        runs.append(set(engine.submitted))
    assert runs[0] < runs[1] < runs[2] == runs[3]


@pytest.mark.parametrize("name", ["demo", "cifar10_longtail", "imagenet_captions"])
def test_every_input_of_a_run_was_submitted_before_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a run never waits for one that starts later, whatever the number of threads."""
    monkeypatch.chdir(ROOT)
    config = load_config(ROOT / "configs" / f"{name}.yaml")
    if any(
        getattr(source, "kind", "") != "scenes" and not (ROOT.parent / "shared").is_dir() for source in config.sources
    ):
        pytest.skip("real data not found beside the project")
    engine = Recorder()
    build(engine, config, "pipeline")
    order = list(engine.submitted)
    for label, inputs in engine.submitted.items():
        needed = {leaf for _, leaf in leaves(inputs) if isinstance(leaf, str) and leaf in engine.submitted}
        assert all(order.index(each) < order.index(label) for each in needed)


def test_benchmarks_are_generated_once_and_only_where_they_are_needed(small: Path) -> None:
    plain, leaky = load_config(small), load_config(edit(small, screening=LEAKY))
    for config, verb, expected in (
        (plain, "curate", 0),
        (plain, "pipeline", 1),
        (leaky, "curate", 1),
        (leaky, "pipeline", 1),
    ):
        engine = Recorder()
        build(engine, config, verb)  # type: ignore[arg-type]
        assert list(engine.stages.values()).count("benchmark") == expected
    engine = Recorder()
    assert datasets(engine, leaky)["shape"].folder == "shape" and list(engine.submitted) == ["benchmark"]


def test_what_is_dropped_is_dropped_for_every_variant(small: Path) -> None:
    engine = Recorder()
    screened, curated = curate(engine, load_config(edit(small, screening=LEAKY)))
    assert screened.dropped == ["drop 0", "drop 1"] and len(screened.ingested) == 2
    assert engine.submitted["drop 1"]["dropped"] == ["leakage shape", "deduplicate"]
    assert engine.submitted["deduplicate"]["leaks"] == ["leakage shape"]
    data = variants(screened, curated)
    assert data["original"].gone == data["random"].gone == screened.dropped
    assert data["balanced"].shards == [f"gather {part}" for part in range(4)]
    assert selections(curated)["balanced"] == ["select 0", "select 1"]
    assert engine.submitted["match 0"]["gone"] == "drop 0"


def test_a_takedown_drops_without_any_screening(small: Path) -> None:
    untouched = Recorder()
    assert curate(untouched, load_config(small))[0].dropped == ()
    assert untouched.submitted["match 0"]["gone"] is None
    engine = Recorder()
    screened, _ = curate(engine, load_config(edit(small, balancing={"method": "rake", "takedown": [7]})))
    assert screened.dropped == ["drop 0", "drop 1"]
    assert engine.submitted["drop 0"]["config"].takedown == (7,) and engine.submitted["drop 0"]["dropped"] == []


def test_what_is_taken_down_goes_before_anything_is_looked_at(small: Path) -> None:
    """Were it screened, a row could go for one that was taken down, which a rebuild would keep."""
    changes = {"balancing": {"method": "rake", "takedown": [7]}, "metadata": {"sources": [{"kind": "bigrams"}]}}
    engine = Recorder()
    screened, _ = curate(engine, load_config(edit(small, screening=LEAKY, **changes)))
    taken = ["take down 0", "take down 1"]
    assert screened.dropped == ["drop 0", "drop 1"] == engine.submitted["metadata"]["gone"]
    assert engine.submitted["deduplicate"]["gone"] == engine.submitted["leakage shape"]["gone"] == taken
    assert engine.submitted["embed 1 for screening"]["gone"] == "take down 1"
    for label in ("take down 1", "drop 1"):
        assert engine.submitted[label]["config"].takedown == (7,)


def test_the_report_takes_what_the_graphs_hand_on(small: Path) -> None:
    config = load_config(small)
    engine = Recorder()
    trained = Trained(RunLabel(variant="heads", seed=3), "heads", EncoderRecord(EmbeddingConfig()))  # type: ignore[arg-type]
    training = Training([trained])
    scores = evaluate_graph(engine, config, training, datasets(engine, config))
    (score,) = scores
    assert score.cell.benchmark == "shape" and score.cell.seed == 3
    assert engine.submitted["evaluate heads, seed 3, shape"]["encoded"] == "encode shape"
    report_graph(engine, config, screening(), curation(), training, scores)
    assert set(engine.submitted["report"]) == {"config", "screening", "curation", "training", "scores", "checks"}


TREES: dict[str, object] = {
    "screening": LEAKY | {"deduplicate": {"near": 0.05}, "geometry": {}},
    "geometry": {},
}


@pytest.mark.parametrize("changes", [{}, TREES], ids=["plain", "all"])
def test_the_report_is_handed_every_output_that_checks_judge(small: Path, changes: dict[str, object]) -> None:
    engine = Recorder()
    build(engine, load_config(edit(small, **changes)), "pipeline")
    shown = {leaf for _, leaf in leaves(engine.submitted["report"])}
    judged = {label for label, stage in engine.stages.items() if any(stage in each for each in checks._ROOMS.values())}
    assert {"survey", "metadata", "realise"} - judged == set() and judged - shown == set()


def test_ingestion_is_a_run_for_each_group(small: Path) -> None:
    config, engine = load_config(small), Recorder()
    groups = ingest_graph(engine, config.sources, config.runtime.store)
    assert groups == list(engine.submitted) and len(groups) == 2
    assert Screening(groups).ingested == groups


def test_a_verb_of_the_other_kind_of_experiment_is_refused(small: Path) -> None:
    with pytest.raises(InputError, match="has no verb selfsupervise: it is run whole, by pipeline"):
        build(Recorder(), load_experiment(small), "selfsupervise")


def test_encoders_in_words() -> None:
    pixels = EmbeddingConfig(encoder="pixels", modality="image", pixel_side=8)
    assert encoder_in_words(ScreeningEncoder(settings=pixels)) == "thumbnails of 8 × 8 pixels"
    assert encoder_in_words(ScreeningEncoder(settings=EmbeddingConfig())) == "a CLIP with random weights"
    assert encoder_in_words(EncoderPlan()) == "the CLIP that this run trained on the original data"
    assert encoder_in_words(EncoderPlan(model=Path("/secret/place/model"))) == "the model model"
    two = EncoderPlan(image_model=Path("/secret/lite0"), text_model=Path("/secret/minilm"))
    assert encoder_in_words(two) == "the model lite0 for images, the model minilm for captions"
    one = EncoderPlan(model=None, text_model=Path("bert"))
    assert encoder_in_words(one) == "a CLIP with random weights, the model bert for captions"
