"""The journal of a training: the numbers of the moment, begun anew, written by one rank."""

import json
import math
from pathlib import Path

import pytest

from tasks.training.loop.journal import JOURNAL, Journal


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()]


def test_numbers_of_steps_are_added_and_a_new_start_empties_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "scratch")
    journal.begin()
    journal.note(3, {"loss": 1.5, "tree": math.nan})
    journal.note(6, {"loss": 1.0})
    assert lines(tmp_path / "scratch") == [{"step": 3, "loss": 1.5}, {"step": 6, "loss": 1.0}]
    Journal(tmp_path / "scratch").begin()
    assert lines(tmp_path / "scratch") == []


def test_other_ranks_and_trainings_without_scratch_write_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(None).note(1, {"loss": 1.0})
    monkeypatch.setenv("RANK", "1")
    journal = Journal(tmp_path)
    journal.begin()
    journal.note(1, {"loss": 1.0})
    assert not (tmp_path / JOURNAL).exists()


def test_a_folder_that_went_away_costs_the_line_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "scratch")
    journal.begin()
    (tmp_path / "scratch" / JOURNAL).unlink()
    (tmp_path / "scratch").rmdir()
    journal.note(1, {"loss": 1.0})
