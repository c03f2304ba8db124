"""`equipoise plan`: a table, what dominates, and what the rates were measured on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.command import app
from flows.commands.writing.plan import duration, size
from storage.errors import InputError


def test_the_table_names_every_stage_and_says_what_it_extrapolates(small: Path) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", str(small), "--rows", "100000000"])
    assert done.exit_code == 0, done.output
    for stage in ("ingest", "match", "balance", "scatter", "gather", "report"):
        assert stage in done.output
    assert "100,000,000 rows" in done.output and "most of it" in done.output
    assert "extrapolated 10-fold" in done.output


def test_without_rows_and_without_a_run_it_asks_for_them(small: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(small)])
    assert isinstance(done.exception, InputError) and "--rows" in str(done.exception)


@pytest.mark.parametrize(("seconds", "words"), [(0.05, "0.05 s"), (42, "42 s"), (600, "10 min"), (36_000, "10.0 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("bytes_", "words"), [(0, "0 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e15, "3,000 TB")])
def test_sizes(bytes_: float, words: str) -> None:
    assert size(bytes_) == words
