"""`explain`, on a small curation."""

import pytest
from rich.console import Console

from flows.commands.reading.explain import Story, explain
from flows.commands.reading.show_story import show
from flows.config.pipeline import PipelineConfig
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
    with pytest.raises(InputError, match="no row has the id or key 'absent'"):
        explain(config, "absent")


def test_hostile_captions_stay_text() -> None:
    shown = text(Story(key="k", id=1, caption="[bold]x[/bold] \x1b[31m red \u202e"))
    assert "[bold]x[/bold]" in shown and "\x1b" not in shown and "\u202e" not in shown
