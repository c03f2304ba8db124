"""What a run leaves in its folder: nothing of another configuration, links to the curated shards, parts apart."""

import json
import platform
from pathlib import Path

import pytest
import yaml

from flows.config.pipeline import PipelineConfig, load_config
from flows.records.results import RECORD, differences, make_room, read_record
from flows.run import run_here
from storage.tables.shards import read_table
from tasks.reporting.page.this_run import PLACE


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    """Curation of three titles without pictures, down to the report."""
    (tmp_path / "titles.tsv").write_text("title\tfilepath\na red star\ta/1\na red ring\ta/2\na blue ring\tb/3\n")
    values = {
        "sources": [{"kind": "balance_csv", "name": "t", "path": str(tmp_path / "titles.tsv"), "images": "none"}],
        "metadata": {"sources": [{"kind": "entries", "entries": ["red", "blue", "star", "ring"]}]},
        "balancing": {"method": "threshold", "t": 1},
        "output": str(tmp_path / "one"),
    }
    path = tmp_path / "one.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def changed(path: Path, name: str, **changes: object) -> PipelineConfig:
    other = path.with_name(f"{name}.yaml")
    other.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"output": str(path.parent / name)} | changes))
    return load_config(other)


def run(config: PipelineConfig) -> tuple[dict[str, str], list[str]]:
    lines: list[str] = []
    return {node.label: node.state for node in run_here(config, "pipeline", lines.append)}, lines


def test_a_copy_with_another_t_costs_what_depends_on_t_and_overwrites_nothing(titles: Path) -> None:
    first = load_config(titles)
    run(first)
    before = (first.folder / "report.html").read_bytes()
    copy = changed(titles, "two", balancing={"method": "threshold", "t": 2})
    states, _ = run(copy)
    cached = {label for label, state in states.items() if state == "cached"}
    assert {"ingest t 1/1", "survey", "metadata", "match 0"} <= cached
    assert not {"balance", "scale", "select 0", "realise"} & cached
    assert (first.folder / "report.html").read_bytes() == before and (copy.folder / "report.html").is_file()


def test_another_configuration_under_an_old_name_sets_the_old_results_aside(titles: Path) -> None:
    first = load_config(titles)
    run(first)
    report, summary = ((first.folder / name).read_bytes() for name in ("report.html", "summary.json"))
    assert differences(first) == ()
    other = changed(titles, "one", balancing={"method": "threshold", "t": 2})
    assert differences(other) == ("balancing.t 1.0 → 2.0",)
    _, lines = run(other)
    assert any("balancing.t 1.0 → 2.0" in line and "earlier" in line for line in lines)
    (aside,) = (first.folder / "earlier").iterdir()
    assert (aside / "openlineage.ndjson").is_file()
    assert (aside / "report.html").read_bytes() == report and (aside / "summary.json").read_bytes() == summary
    assert read_record(aside) == first.computes() and read_record(first.folder) == other.computes()
    run(other)
    assert len(list((first.folder / "earlier").iterdir())) == 1  # the same again sets nothing aside


def test_results_that_say_nothing_of_their_configuration_are_anothers(titles: Path) -> None:
    config = load_config(titles)
    config.folder.mkdir()
    (config.folder / "report.html").write_text("from before")
    aside = make_room(config, "pipeline")
    assert aside is not None and (aside / "report.html").read_text() == "from before"


def test_the_curated_shards_lie_at_a_path_that_stays(titles: Path) -> None:
    config = load_config(titles)
    run(config)
    keys = {key for path in sorted((config.folder / "curated").glob("*.parquet")) for key in read_table(path)["key"]}
    assert len(keys) == 3
    assert not list(config.folder.glob(".*"))
    (config.folder / "curated" / "mine.txt").write_text("mine")
    run(config)
    assert (config.folder / "curated" / "mine.txt").read_text() == "mine"  # a folder of somebody's files stays


def test_a_part_replaces_nothing_of_the_whole(small: Path) -> None:
    config = load_config(small)
    config.folder.mkdir()
    make_room(config, "pipeline")
    for name in ("lineage.json", "openlineage.ndjson"):
        (config.folder / name).write_text("the whole")
    run_here(config, "curate", lambda line: None)
    for name in ("lineage.json", "openlineage.ndjson"):
        assert (config.folder / name).read_text() == "the whole"
        assert len((config.folder / "curate" / name).read_text()) > 1_000
    lineage = json.loads((config.folder / "curate" / "lineage.json").read_text())
    assert {"gather 0", "report"} <= {node["label"] for node in lineage["nodes"]}
    assert list((config.folder / "curated").glob("*.parquet"))


def test_the_configuration_that_lies_there_runs_as_it_stands(titles: Path) -> None:
    config = load_config(titles)
    run(config)
    page, book = config.folder / "report.html", config.folder / "experiment.yaml"
    before = (page.read_bytes(), page.stat().st_mtime_ns, book.read_bytes())
    again = load_config(book)
    states, lines = run(again)
    assert set(states.values()) == {"cached"}
    assert not any("another configuration" in line for line in lines) and not (config.folder / "earlier").exists()
    assert (page.read_bytes(), page.stat().st_mtime_ns, book.read_bytes()) == before  # nothing new, nothing written


def test_a_record_that_spells_defaults_out_or_lacks_them_is_no_other_configuration(titles: Path) -> None:
    config = load_config(titles)
    run(config)
    record = json.loads((config.folder / RECORD).read_text())
    full = config.model_dump(mode="json", exclude={"output", "store", "device", "workers", "parallel", "runner"})
    for spelled in (full, config.computes()):
        (config.folder / RECORD).write_text(json.dumps(record | {"configuration": spelled}))
        assert differences(config) == ()
    (config.folder / RECORD).write_text(json.dumps(record | {"configuration": {"name": "x", "gone": 1}}))
    assert "gone 1 → (absent)" in differences(config)  # a field that is no more


def test_a_configuration_that_was_edited_in_the_folder_is_not_kept_as_the_earlier_one(titles: Path) -> None:
    config = load_config(titles)
    run(config)
    book = config.folder / "experiment.yaml"
    book.write_text(book.read_text().replace("t: 1.0", "t: 2.0"))
    edited = load_config(book)
    run(edited)
    (aside,) = (config.folder / "earlier").iterdir()
    assert (aside / "report.html").is_file() and not (aside / "experiment.yaml").exists()
    assert load_config(book) == edited
    run(config)
    newer = max((config.folder / "earlier").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert load_config(newer / "experiment.yaml").computes() == edited.computes() != config.computes()


def test_the_page_says_how_to_do_the_same_again(titles: Path) -> None:
    config = load_config(titles)
    run(config)
    page = (config.folder / "report.html").read_text(encoding="utf-8")
    assert f"equipoise run {config.folder / 'experiment.yaml'}" in page and PLACE not in page
    curated = [node for node in json.loads((config.folder / "lineage.json").read_text())["nodes"]
               if node["stage"] in ("gather", "ingest")]  # fmt: skip
    assert len(curated) >= 2 and all(node["digest"] in page for node in curated)
    assert "method: threshold" in page and platform.python_version() in page
    stored = next((config.runtime.store / "report").glob("*/report.html")).read_text(encoding="utf-8")
    assert PLACE in stored and str(config.folder) not in stored  # the stage's own is the same wherever it was made


def test_a_changed_setting_is_told_with_the_default_that_it_had(titles: Path) -> None:
    balancing = {"method": "rake", "steps": ["y"]}
    run(changed(titles, "one", balancing=balancing | {"target": {"kind": "capped", "t": 20}}))
    other = changed(titles, "one", balancing=balancing | {"target": {"kind": "capped", "t": 5}})
    assert differences(other) == ("balancing.target.t 20.0 → 5.0",)
