"""`equipoise plan`: a table, what dominates, and what the rates were measured on."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.command import app
from flows.commands.writing.plan import duration, size
from flows.config.pipeline import load_config
from flows.run import run_here
from storage.errors import InputError
from storage.tables.shards import read_table
from tests.flows.conftest import edit


def test_the_table_names_every_stage_and_says_what_it_extrapolates(small: Path) -> None:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", str(small), "--rows", "100000000"])
    assert done.exit_code == 0, done.output
    for stage in ("ingest", "match", "balance", "scatter", "gather", "report"):
        assert stage in done.output
    assert "100,000,000 rows" in done.output and "most of it" in done.output
    assert "extrapolated 10-fold" in done.output


def test_pictures_are_counted_or_said_to_be_missing(small: Path) -> None:
    def told(*options: str) -> str:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", str(small), "--rows", "1000", *options])
        assert done.exit_code == 0, done.output
        return done.output

    assert "pictures are not counted" in told()
    assert "pictures of 110 kB each are copied" in told("--images-bytes", "110000")
    run_here(load_config(small), "curate", lambda line: None)
    pairs = read_table(sorted((small.parent / "store").glob("ingest/*/pairs-*.parquet")), ["image"])["image"]
    mean = sum(len(each["bytes"]) for each in pairs.to_pylist()) / len(pairs)
    assert json.loads(told("--json"))["picture_bytes"] == pytest.approx(mean, rel=0.2)  # with the rows' own bytes
    assert "pictures" not in told("--images-bytes", "0")


def test_captions_alone_and_pictures_that_stay_where_they_are_are_not_copied(small: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("caption,image\na red cat,a.png\n", encoding="utf-8")
    table = {"kind": "table", "name": "t", "path": str(tmp_path / "rows.csv")}
    bare = {"geometry": None, "training": None, "evaluation": None, "encoder": None, "screening": None}
    for source in (table | {"image_column": None}, table | {"image_content": "keep"}):
        edit(small, sources=[source], **bare)
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["plan", str(small), "--rows", "1000"])
        assert done.exit_code == 0 and "pictures" not in done.output, done.output


def test_without_rows_and_without_a_run_it_asks_for_them(small: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(small)])
    assert isinstance(done.exception, InputError) and "--rows" in str(done.exception)


@pytest.mark.parametrize(("seconds", "words"), [(0.05, "0.05 s"), (42, "42 s"), (600, "10 min"), (36_000, "10.0 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(("bytes_", "words"), [(0, "0 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e15, "3,000 TB")])
def test_sizes(bytes_: float, words: str) -> None:
    assert size(bytes_) == words
