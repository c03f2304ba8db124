"""`explain`, `verify`, `gc`, `export` and `study`, on a small curation."""

import json
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from flows.command import app
from flows.commands.explain import Story, explain
from flows.commands.show_story import show
from flows.config.pipeline import PipelineConfig, load_config
from flows.run import run_here
from storage.errors import EquipoiseError, InputError
from storage.tables.shards import read_table
from tests.flows.conftest import SMALL


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a small experiment that ends with its curation, after a run."""
    folder = tmp_path_factory.mktemp("curation")
    values = {name: SMALL[name] for name in ("sources", "metadata", "balancing")}
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(values | {"output": str(folder / "run"), "store": str(folder / "store")}))
    run_here(load_config(path), "pipeline", announce=lambda line: None)
    return path


@pytest.fixture
def config(experiment: Path) -> PipelineConfig:
    return load_config(experiment)


def column(config: PipelineConfig, pattern: str, name: str) -> list:
    return read_table(sorted(config.runtime.store.glob(pattern)), [name])[name].to_pylist()


def text(story: Story) -> str:
    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115
    show(story, console)
    return console.export_text()


def test_a_selected_row(config: PipelineConfig) -> None:
    chosen = column(config, "curate/*/curated-*.parquet", "id")[0]
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


def test_verify_finds_an_altered_file_and_discards_it(experiment: Path, config: PipelineConfig) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0
    file = next(config.runtime.store.glob("curate/*/curated-*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    found = runner.invoke(app, ["verify", str(experiment)])
    assert isinstance(found.exception, EquipoiseError) and "altered" in found.output
    assert isinstance(runner.invoke(app, ["verify", str(experiment), "--discard"]).exception, EquipoiseError)
    states = {node.label: node.state for node in run_here(config, "pipeline", announce=lambda line: None)}
    assert [label for label, state in states.items() if state == "ran"] == ["curate"]
    assert runner.invoke(app, ["verify", str(experiment)]).exit_code == 0


def test_gc_keeps_what_the_experiment_needs(experiment: Path, config: PipelineConfig) -> None:
    before = sorted(config.runtime.store.glob("*/*/manifest.json"))
    assert CliRunner().invoke(app, ["gc", str(experiment), "--remove"]).exit_code == 0
    assert sorted(config.runtime.store.glob("*/*/manifest.json")) == before


def test_export_writes_every_copy(experiment: Path, config: PipelineConfig, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(experiment), str(tmp_path / "wds")])
    assert done.exit_code == 0, done.output
    sizes = json.loads((tmp_path / "wds" / "sizes.json").read_text())
    assert sum(sizes.values()) == sum(column(config, "curate/*/curated-*.parquet", "multiplicity"))


def test_studies_leave_a_figure_and_numbers(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["study", "baselines", "--to", str(tmp_path), "--repetitions", "40"])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(app, ["study", "illustration", "--to", str(tmp_path)]).exit_code == 0
    for name in ("baselines", "illustration"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        json.loads((tmp_path / f"{name}.json").read_text())
