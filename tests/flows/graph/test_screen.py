"""Screening end to end: a planted repetition and a planted leak are found, dropped, shown and explained."""

import io
import json
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from PIL import Image

from flows.commands.reading.explain import explain
from flows.commands.reading.show_story import show
from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.status import StatusEngine
from flows.graph.benchmarks import Dataset
from flows.graph.build import build
from flows.graph.evaluate import evaluate_graph
from flows.graph.screen import screen_graph
from flows.run import run_here
from storage.errors import InputError
from storage.tables.shards import read_table, write_table
from tasks.ingest.sources.scenes.benchmark import write_classification
from tasks.reporting.config import RunLabel
from tasks.reporting.inputs.stage_outputs import Trained, Training
from tests.flows.conftest import edit
from tests.flows.graph.recorder import Recorder

WORDS = ("circle", "square", "star", "ring")
SCREENING = {
    "encoder": {"settings": {"encoder": "pixels", "modality": "image", "pixel_side": 8}},
    "deduplicate": {"content": "pair", "near": 0.1},
    "leakage": {"distance": 0.1, "drop": "images"},
}
REPEATED, SAVED_AGAIN, LEAKED = 31, 47, 20  # rows that repeat row 3, that are row 5 saved again, that show test image 2


def picture(seed: int, form: str = "PNG") -> bytes:
    """A smooth random picture: compression leaves it nearly the same, and no two are alike."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(small).resize((32, 32), Image.Resampling.BICUBIC).save(stream, form)
    return stream.getvalue()


def plant(folder: Path, groups: int) -> PipelineConfig:
    """60 pairs in one Parquet file and a benchmark of 8 pictures; their keys are `pairs.parquet:ROW`."""
    folder.mkdir()
    captions = [f"a {WORDS[row % 4]} number {row}" for row in range(60)]
    images = [picture(row) for row in range(60)]
    captions[REPEATED], images[REPEATED] = captions[3], images[3]
    images[SAVED_AGAIN] = picture(5, "JPEG")
    images[LEAKED] = picture(1_002)
    captions[10] = "A photo of a circle!"
    table = {"caption": captions, "image": images}
    write_table(folder / "pairs.parquet", pa.table(table))
    tests = [(picture(1_000 + number), number % 4) for number in range(8)]
    write_classification(folder / "benchmark", iter(tests), WORDS, ("a photo of a {c}.",))
    values: dict[str, Any] = {
        "output": str(folder / "run"),
        "store": str(folder / "store"),
        "sources": [{"kind": "huggingface_parquet", "name": "planted", "path": str(folder / "pairs.parquet"),
                     "rows_per_group": -(-60 // groups)}],
        "screening": SCREENING | {"benchmarks": [{"name": "planted", "path": str(folder / "benchmark")}]},
        "metadata": {"sources": [{"kind": "entries", "entries": list(WORDS)}]},
        "balancing": {"method": "rake", "target": {"kind": "capped", "t": 10}, "steps": ["y"]},
    }  # fmt: skip
    path = folder / "planted.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_config(path)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[PipelineConfig, dict[str, Any]]]:
    """The same experiment read in one group and in six, after a run of each."""
    folder = tmp_path_factory.mktemp("screening")
    configs = [plant(folder / str(groups), groups) for groups in (1, 6)]
    return [(config, {n.label: n for n in run_here(config, "pipeline", lambda line: None)}) for config in configs]


@pytest.fixture
def config(runs: list) -> PipelineConfig:
    return runs[1][0]


def ids(config: PipelineConfig) -> list[int]:
    """Ids of the 60 rows, by row."""
    tables = [read_table(path) for path in config.runtime.store.glob("ingest/*/pairs-*.parquet")]
    rows = {row["key"]: row["id"] for table in tables for row in table.to_pylist()}
    return [rows[key] for key in sorted(rows, key=lambda key: int("".join(filter(str.isdigit, key))))]


def expected(config: PipelineConfig) -> dict[int, str]:
    """Of two that are the same the one with the larger id goes."""
    known = ids(config)
    return {
        max(known[3], known[REPEATED]): "equal pair",
        max(known[5], known[SAVED_AGAIN]): "near-duplicate",
        known[LEAKED]: "near an evaluation image",
    }


def test_what_was_planted_is_dropped_and_traceable(config: PipelineConfig) -> None:
    store = config.runtime.store
    rejected = [row for path in store.glob("drop/*/rejected.parquet") for row in read_table(path).to_pylist()]
    assert sorted(row["reason"] for row in rejected) == sorted(expected(config).values())
    known = ids(config)
    repeated = next(row for row in rejected if row["reason"] == "equal pair")
    assert repeated["detail"] == f"kept: id {min(known[3], known[REPEATED])}"
    curated = [read_table(path)["id"].to_pylist() for path in store.glob("gather/*/curated-*.parquet")]
    assert curated and not set(expected(config)) & set(chain.from_iterable(curated))
    matched = [row for path in store.glob("match/*/matches-*.parquet") for row in read_table(path).to_pylist()]
    assert sorted(row["id"] for row in matched) == sorted(known)
    assert {row["id"] for row in matched if row["entries"] is None} == set(expected(config))


def curated_files(nodes: dict) -> dict[str, str]:
    """Curated shards by name, with the hashes of their bytes; which run of `gather` wrote them says the grouping."""
    manifests = [node.manifest for label, node in nodes.items() if label.startswith("gather")]
    return {file.path: file.hash for manifest in manifests for file in manifest.files}


def test_the_result_does_not_depend_on_the_groups(runs: list) -> None:
    (_, few), (_, many) = runs
    assert len([label for label in many if label.startswith("drop")]) == 6
    for label in (
        "leakage planted",
        "geometry for screening",
        "deduplicate",
        "balance",
        "scale",
        "realise",
        "subsample",
    ):
        assert few[label].manifest.digest == many[label].manifest.digest, label
    assert curated_files(few) == curated_files(many)


def test_every_dropped_row_is_explained(config: PipelineConfig) -> None:
    known = ids(config)
    told = {identity: text(explain(config, str(identity))) for identity in expected(config)}
    for identity, reason in expected(config).items():
        assert f"{reason}" in told[identity] and "dropped before balancing" in told[identity]
    pair = max(known[3], known[REPEATED])
    kept = min(known[3], known[REPEATED])
    assert "by deduplicate" in told[pair] and f"(id {kept}) is kept in its place" in told[pair]
    assert "by leakage planted" in told[known[LEAKED]] and "0/s0000002, at distance 0.0000" in told[known[LEAKED]]
    stays = explain(config, str(kept))
    assert f"kept in place of 1 rows like it: id {pair}" in text(stays)
    assert stays.balancing and stays.balancing.keywords


def test_the_report_shows_them(config: PipelineConfig) -> None:
    summary = json.loads((config.folder / "summary.json").read_text())
    assert summary["curation"]["rows"]["Ingested"] == 60 and summary["curation"]["rows"]["Screened"] == 57
    assert summary["curation"]["lost"]["Screened"] == dict.fromkeys(sorted(expected(config).values()), 1)
    assert summary["screening"]["leakage"]["planted"] == {
        "distance": 0.1, "leaks": 1, "leaked_evaluation_rows": 1, "nearest": 0.0, "captions": 1, "drop": "images",
        "dropped": 1,
    }  # fmt: skip
    html = (config.folder / "report.html").read_text()
    section = html.split('<section id="screening">')[1].split("</section>")[0]
    for identity in (
        *expected(config),
        *(min(ids(config)[a], ids(config)[b]) for a, b in ((3, REPEATED), (5, SAVED_AGAIN))),
    ):
        assert f"<code>{identity}</code>" in section
    assert "A photo of a circle!" in section and section.count("data:image/png;base64,") >= 6
    lineage = json.loads((config.folder / "lineage.json").read_text())
    assert {"deduplicate", "leakage", "drop", "benchmark_images"} <= {node["stage"] for node in lineage["nodes"]}


def test_the_answer_on_the_command_line_counts_them(config: PipelineConfig) -> None:
    from flows.commands.reading.summary import answer, curation_lines

    lines = list(curation_lines(answer(config, "pipeline")["summary"]))
    assert "60 ingested → 57 screened" in lines[0]
    assert "  before “screened”: 1 equal pair, 1 near an evaluation image, 1 near-duplicate" in lines


def test_status_knows_the_screening(config: PipelineConfig) -> None:
    wider = config.model_copy(
        update={
            "screening": config.screening.model_copy(  # type: ignore[union-attr]
                update={"deduplicate": config.screening.deduplicate.model_copy(update={"near": 0.2})}
            )
        }
    )  # type: ignore[union-attr]
    engine = StatusEngine(wider.runtime)
    build(engine, wider, "pipeline")
    plans = {plan.label: plan for plan in engine.plans}
    assert plans["deduplicate"].reasons == ("parameter config.near 0.1 → 0.2",)
    assert plans["geometry for screening"].action == "cached" and plans["match 0"].action == "wait"


def test_leaks_alone_can_be_listed_without_dropping(config: PipelineConfig) -> None:
    plan = config.screening.model_copy(  # type: ignore[union-attr]
        update={"deduplicate": None, "leakage": config.screening.leakage.model_copy(update={"drop": "none"})}  # type: ignore[union-attr]
    )
    listed = config.model_copy(update={"screening": plan, "output": config.folder / "listed"})
    labels = {node.label for node in run_here(listed, "pipeline", lambda line: None)}
    assert not [label for label in labels if label.startswith(("drop", "deduplicate", "geometry"))]
    html = (listed.folder / "report.html").read_text()
    assert "All of them stay" in html and "set <code>screening.deduplicate</code>" in html
    story = explain(listed, str(ids(config)[LEAKED]))
    assert story.balancing is not None  # it stays, and has a weight


def test_a_model_that_does_not_exist_is_named(config: PipelineConfig, tmp_path: Path) -> None:
    from flows.config.plans.screening import ScreeningEncoder

    encoder = ScreeningEncoder(model=tmp_path / "absent")
    plan = config.screening.model_copy(update={"encoder": encoder})  # type: ignore[union-attr]
    with pytest.raises(InputError, match="absent does not exist"):
        build(StatusEngine(config.runtime), config.model_copy(update={"screening": plan}), "curate")


def test_the_images_that_are_scored_are_screened(small: Path) -> None:
    """On `split: val` the test images were looked at, and no leak was found."""
    leakage = {"leakage": {}, "benchmarks": [{"name": "shape"}, {"name": "other", "path": "elsewhere"}]}
    evaluation = {"benchmarks": [{"name": "shape"}], "settings": {"split": "val"}}
    config = load_config(edit(small, screening=leakage, evaluation=evaluation))
    engine: Any = Recorder()
    places = {name: Dataset(name, engine) for name in ("shape", "other")}
    screen_graph(engine, config, [engine], places)
    evaluate_graph(engine, config, Training([Trained(RunLabel(variant="original", seed=0), engine)]), places)
    splits = {name: engine.submitted[f"images of {name}"]["split"] for name in places}
    assert splits == {"shape": "val", "other": "test"}
    (scored,) = (inputs for label, inputs in engine.submitted.items() if label.startswith("evaluate"))
    assert scored["config"].split == splits[scored["benchmark"]]


def test_hashes_are_made_where_they_are_compared(small: Path) -> None:
    engine: Any = Recorder()
    for bits in (None, 24):
        screening = {"deduplicate": {"content": "image", "near": None, "perceptual": bits}}
        config = load_config(edit(small, screening=screening))
        engine = Recorder()
        screen_graph(engine, config, [engine, engine], {})
        made = [label for label in engine.submitted if label.startswith("hash images")]
        assert engine.submitted["deduplicate"]["hashes"] == made == (["hash images 0", "hash images 1"] if bits else [])
    nothing = {"deduplicate": {"content": "none", "near": None}}
    with pytest.raises(InputError, match="perceptual is null: no row would repeat another"):
        load_config(edit(small, screening=nothing))


def text(story: Any) -> str:
    from rich.console import Console

    console = Console(record=True, width=400, file=io.StringIO())
    show(story, console)
    return console.export_text()


SCORED = 40
BEST = 39  # the row of the highest score, which does not count once it is taken down


def scored(folder: Path, groups: int, **changes: Any) -> Path:
    """Captions with a score that rises with the row, null in the first two; two rows repeat each other."""
    folder.mkdir(parents=True)
    captions = [f"a {('circle', 'square')[row % 2]} number {row}" for row in range(SCORED)]
    captions[20] = captions[30]
    clip = [None, None, *(row / 100 for row in range(2, SCORED))]
    table = {"caption": captions, "clip": pa.array(clip, pa.float64()), "key": [f"row {row}" for row in range(SCORED)]}
    write_table(folder / "pairs.parquet", pa.table(table))
    source = {
        "kind": "huggingface_parquet", "name": "scored", "path": str(folder / "pairs.parquet"), "image_column": None,
        "key_column": "key", "scores": ["clip"], "rows_per_group": -(-SCORED // groups),
    }  # fmt: skip
    values = {
        "output": str(folder / "run"),
        "store": str(folder / "store"),
        "sources": [source],
        "screening": {
            "deduplicate": {"content": "caption", "near": None},
            "filter": [{"score": "clip", "top": 0.5}],
        },
        "metadata": {"sources": [{"kind": "entries", "entries": ["circle", "square"]}]},
        "balancing": {"method": "rake", "target": {"kind": "capped", "t": 10}, "steps": ["y"]},
    } | changes
    path = folder / "scored.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def dropped(config: PipelineConfig) -> dict[str, dict[str, str]]:
    """What each rejected row was rejected for in the end, by key."""
    nodes = {node.label: node for node in run_here(config, "curate", lambda line: None)}
    folders = [config.runtime.store / node.manifest.name for label, node in nodes.items() if label.startswith("drop ")]
    return {row["key"]: row for folder in folders for row in read_table(folder / "rejected.parquet").to_pylist()}


@pytest.mark.parametrize("groups", [1, 3])
def test_a_top_share_of_all_groups_stays(tmp_path: Path, groups: int) -> None:
    config = load_config(scored(tmp_path / "a", groups))
    rejected = dropped(config)
    # Of 38 rows with a score 19 stay, those from row 21 on; row 20 goes for its score, so row 30 is no repetition.
    assert sorted(int(key.split()[1]) for key in rejected) == list(range(21))
    assert rejected["row 0"]["reason"] == "no score clip"
    assert (rejected["row 20"]["reason"], rejected["row 20"]["detail"]) == (
        "clip below the top 50 %", "clip 0.2 below 0.21",
    )  # fmt: skip
    assert "dropped before balancing by filter: clip 0.2 below 0.21" in text(explain(config, "row 20"))


def test_rows_taken_down_do_not_count_and_say_so(tmp_path: Path) -> None:
    path = scored(tmp_path / "a", 2)
    ids = {row["key"]: row["id"] for row in _ids(load_config(path))}
    balancing = {"method": "rake", "target": {"kind": "capped", "t": 10}, "steps": ["y"]}
    changed = scored(tmp_path / "b", 2, balancing=balancing | {"takedown": [ids[f"row {BEST}"]]})
    config = load_config(changed)
    rejected = dropped(config)
    assert rejected[f"row {BEST}"]["reason"] == "taken down"
    # Of 37 rows 19 stay, so row 20 is one of them, which has the caption of row 30.
    filtered = [int(key.split()[1]) for key, row in rejected.items() if row["reason"].endswith(("%", "clip"))]
    assert sorted(filtered) == list(range(20))
    assert sum(row["reason"] == "equal caption" for row in rejected.values()) == 1
    told = explain(config, f"row {BEST}").dropping
    assert told is not None and (told.by, told.reason) == ("takedown", "taken down")


def test_a_filter_alone_is_one_drop_and_an_unknown_score_is_named(tmp_path: Path) -> None:
    alone = {"filter": [{"score": "clip", "at_least": 0.1, "missing": "keep"}]}
    config = load_config(scored(tmp_path / "a", 2, screening=alone))
    rejected = dropped(config)
    assert sorted(rejected) == sorted(f"row {row}" for row in range(2, 10))
    assert rejected["row 2"]["detail"] == "clip 0.02 below 0.1"
    unknown = scored(tmp_path / "b", 1, screening={"filter": [{"score": "clap", "top": 0.1}]})
    with pytest.raises(InputError, match="score 'clap', which no source carries; those carried are clip"):
        load_config(unknown)


def _ids(config: PipelineConfig) -> list[dict]:
    nodes = run_here(config, "curate", lambda line: None)
    folders = [config.runtime.store / node.manifest.name for node in nodes if node.label.startswith("ingest")]
    tables = [read_table(path, ["id", "key"]) for folder in folders for path in folder.glob("pairs-*")]
    return [row for table in tables for row in table.to_pylist()]
