"""The study `online`: training on targeted batches, and who is compared with whom."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.online.arms import OnlineNumbers, online_numbers
from tasks.studies.online.config import OnlineConfig
from tasks.studies.online.figure import draw_costs
from tasks.studies.online.page import online_page
from tasks.studies.online.read import read_keywords, read_target
from tasks.studies.online.targeted import RowKeywords
from tasks.studies.online.train import train_targeted
from tasks.training.data.embeddings import read_embeddings
from tasks.training.loop.context import Context
from tests.tasks.studies.scored.test_compare import runs
from tests.tasks.training.conftest import HEADS, embeddings_table


@pytest.fixture(scope="module")
def numbers() -> OnlineNumbers:
    return online_numbers(
        {"uniform": runs(0.5), "online": runs(0.75, seed=1), "decoded": runs(0.5, seed=2)},
        {"uniform": (100, 100), "online": (100, 100), "decoded": (25, 100)},
        confidence=0.95,
    )


def test_arms_of_equal_cost_are_compared(numbers: OnlineNumbers) -> None:
    assert numbers.equal_trained == (("online", "uniform"),)
    assert numbers.equal_decoded == (("online", "uniform"), ("decoded", "uniform"), ("decoded", "online"))
    assert len(numbers.differences) == 3


def test_the_page(numbers: OnlineNumbers) -> None:
    page = online_page(OnlineConfig(), numbers)
    assert sum("equally many pairs trained on" in line for line in page.answer) == 1
    assert sum("equally many pictures decoded" in line for line in page.answer) == 3
    assert all(len(row) == len(table.columns) for table in page.tables for row in table.rows)
    assert page.tables[1].rows[0][2] == "trained and decoded" and page.tables[1].rows[1][2] == "decoded"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_figure(numbers: OnlineNumbers, width: float) -> None:
    with drawing():
        figure = draw_costs(numbers, width)
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["uniform", "online", "decoded"]


def test_what_is_read(tmp_path: Path) -> None:
    table = pa.table(
        [pa.array([7, 3], pa.uint64()), pa.array([[1, 2], []], MATCHES.field("entries").type)], schema=MATCHES
    )
    write_table(tmp_path / "matches-00000.parquet", table)
    found = read_keywords(np.array([3, 7], np.uint64), [tmp_path / "matches-00000.parquet"])
    assert found.indptr.tolist() == [0, 0, 2] and found.indices.tolist() == [1, 2]
    write_table(tmp_path / "entries.parquet", pa.table({"target": [1.0, 3.0]}))
    assert read_target(tmp_path / "entries.parquet").tolist() == [0.25, 0.75]


def test_training_goes_on_after_a_cut_to_the_same_heads(tmp_path: Path) -> None:
    write_table(tmp_path / "embeddings-00000.parquet", embeddings_table(80))
    examples = read_embeddings([tmp_path / "embeddings-00000.parquet"], None)
    count = len(examples.ids)
    keywords = RowKeywords(np.arange(count + 1), np.arange(count) % 3)
    config = HEADS.model_copy(update={"steps": 4, "batch": 8, "checkpoint_every": 2})
    whole, fitted = train_targeted(examples, keywords, np.full(3, 1 / 3), config, candidates=2, seed=0)
    context = Context(scratch=tmp_path)
    train_targeted(examples, keywords, np.full(3, 1 / 3), config, context=context, candidates=2, seed=0)
    again, resumed = train_targeted(
        examples, keywords, np.full(3, 1 / 3), config, context=context, candidates=2, seed=0
    )
    assert resumed.resumed_at == 2 and fitted.steps == 4
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
