"""`explain`, on a small curation."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from rich.console import Console

from flows.commands.reading.explain import Story, explain
from flows.commands.reading.show_story import show
from flows.config.pipeline import PipelineConfig, load_config
from flows.run import run_here
from storage.errors import InputError
from storage.tables.shards import read_table


def column(config: PipelineConfig, pattern: str, name: str) -> list:
    return read_table(sorted(config.runtime.store.glob(pattern)), [name])[name].to_pylist()


def text(story: Story) -> str:
    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115
    show(story, console)
    return console.export_text()


def test_a_selected_row(config: PipelineConfig) -> None:
    chosen = column(config, "gather/*/curated-*.parquet", "id")[0]
    story = explain(config, str(chosen))
    assert story.selection and story.selection.multiplicity >= 1 and story.selection.shard == "curated-00000.parquet"
    assert story.balancing and story.balancing.keywords and story.balancing.weight is not None
    assert "copies in the selection" in text(story)
    assert explain(config, story.key) == story
    for spelling in (f"{chosen:016x}", f"0x{chosen:x}", f"0X{chosen:016X}"):
        assert explain(config, spelling) == story


def test_a_row_that_matches_nothing(config: PipelineConfig) -> None:
    tables = [read_table(path) for path in sorted(config.runtime.store.glob("match/*/matches-*.parquet"))]
    unmatched = next(row["id"] for table in tables for row in table.to_pylist() if not row["entries"])
    assert "matches no keyword" in text(explain(config, str(unmatched)))


def test_an_unknown_row(config: PipelineConfig) -> None:
    with pytest.raises(InputError, match="no row has the id, key or picture 'absent'"):
        explain(config, "absent")


def test_hostile_captions_stay_text() -> None:
    shown = text(Story(key="k", id=1, caption="[bold]x[/bold] \x1b[31m red \u202e"))
    assert "[bold]x[/bold]" in shown and "\x1b" not in shown and "\u202e" not in shown


def test_keywords_that_come_from_a_column_of_concepts(tmp_path: Path) -> None:
    concepts = [json.dumps([{"label": label, "score": 0.25 + 0.5 * (row % 2)}, {"label": "Sky", "score": 1}])
                for row, label in enumerate(["cat", "dog", "dog", "dog", "cat", "dog"])]  # fmt: skip
    table = pa.table({"caption": [f"picture {row}" for row in range(6)], "seen": concepts})
    pq.write_table(table, tmp_path / "rows.parquet")
    source = {"kind": "huggingface_parquet", "name": "s", "path": str(tmp_path / "rows.parquet"), "image_column": None}
    values = {
        "sources": [source | {"concepts": "seen"}],
        "metadata": {"sources": [{"kind": "concepts", "minimum_count": 1}]},
        "matching": {"kind": "concepts", "threshold": 0.5},
        "balancing": {"method": "rake", "target": {"kind": "uniform"}, "steps": ["y"]},
        "output": str(tmp_path / "run"),
        "store": str(tmp_path / "store"),
    }
    (tmp_path / "concepts.yaml").write_text(json.dumps(values))
    config = load_config(tmp_path / "concepts.yaml")
    run_here(config, "pipeline", announce=lambda line: None)
    entries = read_table(sorted(config.runtime.store.glob("realise/*/entries.parquet")), ["text", "count"])
    assert entries.to_pylist() == [{"text": "Sky", "count": 6}, {"text": "dog", "count": 3}]
    story = explain(config, "rows.parquet:1")
    assert story.balancing and [keyword.text for keyword in story.balancing.keywords] == ["Sky", "dog"]
    assert "concepts of a score of at least 0.5 of the column seen: Sky 1, dog 0.75" in text(story)
    without = {**values, "sources": [source]}
    (tmp_path / "without.yaml").write_text(json.dumps(without))
    with pytest.raises(InputError, match="the source 's' does not carry"):
        load_config(tmp_path / "without.yaml")


def test_pictures_and_refused_rows_are_found_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, caption in (("one", "a red cat"), ("two", "a blue cat"), ("lost", "a cat without picture")):
        (folder / f"{name}.txt").write_text(caption, encoding="utf-8")
        if name != "lost":
            Image.new("RGB", (8, 8), caption.split()[1]).save(folder / f"{name}.png")
    values = {
        "sources": [{"kind": "sidecar", "name": "s", "path": str(folder)}],
        "metadata": {"sources": [{"kind": "entries", "entries": ["cat"]}]},
        "store": str(tmp_path / "store"),
        "output": str(tmp_path / "run"),
    }
    (tmp_path / "photos.yaml").write_text(json.dumps(values))
    config = load_config(tmp_path / "photos.yaml")
    run_here(config, "curate", announce=lambda line: None)
    assert {explain(config, name).caption for name in ("one", "one.png")} == {"a red cat"}
    lost = explain(config, "lost")
    assert lost.rejected and lost.rejected.startswith("missing image") and "missing image" in text(lost)
    assert explain(config, lost.key) == lost
    with pytest.raises(InputError, match="no row has the id, key or picture 'los'"):
        explain(config, "los")
