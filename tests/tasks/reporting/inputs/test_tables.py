"""Tables and documents as the stages leave them."""

import json
from pathlib import Path

import numpy as np
import pytest

from storage.store.workspace import Workspace
from storage.tables.shards import write_table
from tasks.reporting.inputs.tables import (
    edge_lengths,
    read_document,
    read_frame,
    read_keywords,
    shards_of,
)
from tests.tasks.reporting.conftest import KEYWORDS, Inputs, pairs_table


@pytest.fixture
def work(inputs: Inputs, tmp_path: Path) -> Workspace:
    return inputs.workspace(tmp_path)


def test_shards_are_read_in_the_order_given(tmp_path: Path) -> None:
    table = pairs_table()
    write_table(tmp_path / "a.parquet", table.slice(0, 10))
    write_table(tmp_path / "b.parquet", table.slice(10))
    frame = read_frame([tmp_path / "b.parquet", tmp_path / "a.parquet"], ["id"])
    assert frame.columns == ["id"]
    assert frame["id"].to_list() == [*table["id"].to_pylist()[10:], *table["id"].to_pylist()[:10]]


def test_documents_are_objects(tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"é": [1]}, ensure_ascii=False), encoding="utf-8")
    assert read_document(path) == {"é": [1]}


def test_files_of_several_outputs_come_output_by_output(inputs: Inputs, work: Workspace) -> None:
    found = shards_of([*inputs.pairs, *inputs.matches, *inputs.dropped], "*.parquet", work)
    assert [(path.parent.parent.name, path.name) for path in found] == [
        ("ingest", "pairs-00000.parquet"),
        ("ingest", "rejected.parquet"),
        ("match", "matches-00000.parquet"),
        ("drop", "gone.parquet"),
    ]


def test_keywords_stand_at_their_numbers(inputs: Inputs, work: Workspace) -> None:
    assert read_keywords(inputs.realised, work) == list(KEYWORDS)


def test_edges_are_read_as_float64(inputs: Inputs, work: Workspace) -> None:
    lengths = edge_lengths(inputs.geometry[0], work)
    assert lengths.dtype == np.float64
    np.testing.assert_allclose(lengths, np.linspace(0, 1, 39))
