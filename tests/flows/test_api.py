"""Experiments from Python: `run`, `load` and `status` tell what the command line tells."""

from pathlib import Path

import pytest
import yaml

from flows.api import load, run, status
from flows.config.pipeline import load_experiment
from storage.errors import EquipoiseError, InputError
from tests.flows.conftest import edit


@pytest.fixture
def titles(tmp_path: Path) -> Path:
    """Curation of three titles without pictures, down to the report."""
    (tmp_path / "titles.tsv").write_text("title\tfilepath\na red star\ta/1\na red ring\ta/2\na blue ring\tb/3\n")
    values = {
        "name": "titles",
        "output": str(tmp_path / "run"),
        "sources": [{"kind": "balance_csv", "name": "t", "path": str(tmp_path / "titles.tsv"), "images": "none"}],
        "metadata": {"sources": [{"kind": "entries", "entries": ["red", "blue", "star", "ring"]}]},
        "balancing": {"method": "threshold", "t": 1},
    }
    path = tmp_path / "titles.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def test_a_run_ends_with_its_report_and_the_next_one_is_cached(titles: Path) -> None:
    assert {plan.action for plan in status(titles)} == {"run", "wait"}
    lines: list[str] = []
    first = run(str(titles), announce=lines.append)
    assert {node.state for node in first.nodes} == {"ran"}
    for node in first.nodes:
        assert [line.split(": ")[1].split(" in ")[0] for line in lines if f" {node.label}: " in line] == [
            "starts",
            "done",
        ]
    assert first.summary["curation"]["rows"]["Ingested"] == 3
    assert (first.folder / "report.html").is_file()
    assert {plan.action for plan in status(load_experiment(titles))} == {"cached"}
    again = run(titles)
    assert {node.state for node in again.nodes} == {"cached"}
    assert [node.label for node in again.nodes] == [plan.label for plan in status(titles)]
    assert again.summary == first.summary


def test_a_part_of_an_experiment_has_a_report_of_its_own(small: Path) -> None:
    outcome = run(small, "curate")
    assert outcome.folder == small.parent / "run" / "curate"
    assert outcome.summary["variants"] == {} and outcome.summary["curation"]["rows"]["Ingested"] == 240


def test_a_failure_is_raised_with_the_place_where_it_happened(titles: Path) -> None:
    (titles.parent / "titles.tsv").write_text("title\tfilepath\n")  # what preflight reads is all there
    with pytest.raises(EquipoiseError) as failure:
        run(titles)
    assert any(note.startswith("in ") for note in failure.value.__notes__)


def test_the_curated_set_is_loaded_from_a_file_an_experiment_or_an_outcome(small: Path) -> None:
    path = edit(small, encoder=None, geometry=None, training=None, evaluation=None, curated={"validation": 0.2})
    with pytest.raises(InputError, match="--verb curate"):
        load(path)
    outcome = run(path, "curate")
    paths = {load(each).paths for each in (path, str(path), load_experiment(path), outcome)}
    assert len(paths) == 1
    curated, held = load(outcome), load(outcome, "validation")
    assert curated.arrow().count_rows() > held.arrow().count_rows() > 0
    picture, caption = next(iter(curated.torch()))
    assert picture.mode == "RGB" and caption


def test_nothing_held_out_is_told(titles: Path) -> None:
    run(titles, "curate")
    with pytest.raises(InputError, match="held nothing out"):
        load(titles, "validation")
