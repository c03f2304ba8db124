"""What the stage writes down: keywords with their marginals, the history and the potentials."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from storage.tables.schemas import ENTRIES
from tasks.balancing.diagnostics import total_variation
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.tables import HISTORY, POTENTIALS, entries_table, history_table, marginals, potentials_table
from tasks.balancing.threshold_rule import threshold

MATRIX = incidence_of([[0], [0, 1], [1], [0, 1]], 3)
TARGET = np.array([0.5, 0.5, 0.0])


def raked(steps: object = ("y", "x")):
    return rake(MATRIX.indptr, MATRIX.indices, columns=3, column_target=TARGET, steps=steps, initial="pairs")


def test_marginals_are_those_of_captions_and_not_of_raked_pairs() -> None:
    found = marginals(MATRIX, raked(("y",)), TARGET)
    assert found.counts.tolist() == [3, 3, 0] and found.matched == 4
    np.testing.assert_allclose(found.observed, [0.5, 0.5, 0.0])
    assert found.expected.sum() == pytest.approx(1) and found.largest_weight == pytest.approx(8 / 6)
    skewed = rake(MATRIX.indptr, MATRIX.indices, columns=3, column_target=[0.9, 0.1, 0.0], steps=("y",))
    expected = marginals(MATRIX, skewed, np.array([0.9, 0.1, 0.0])).expected
    assert total_variation(skewed.column_marginal, [0.9, 0.1, 0.0]) < 1e-12 < total_variation(expected, [0.9, 0.1, 0])


def test_the_keyword_table_keeps_its_own_columns() -> None:
    texts = pa.table({"entry": [0, 1, 2], "text": ["a", "b", "c"], "provenance": ["t"] * 3, "status": ["live"] * 3})
    blank = [name for name in ENTRIES.names if name not in texts.column_names]
    for name in blank:
        texts = texts.append_column(name, pa.nulls(3, ENTRIES.field(name).type))
    found = raked()
    table = entries_table(texts.select(ENTRIES.names).cast(ENTRIES), marginals(MATRIX, found, TARGET), found)
    assert table.schema.equals(ENTRIES) and table.column("text").to_pylist() == ["a", "b", "c"]
    assert table.column("count").to_pylist() == [3, 3, 0] and table.column("target").to_pylist() == TARGET.tolist()
    assert table.column("realised").null_count == 3
    np.testing.assert_array_equal(table.column("log_scale").to_numpy(), found.log_scale)


def test_history_leaves_blank_what_was_not_measured() -> None:
    table = history_table(raked(60))
    assert table.schema.equals(HISTORY) and table.num_rows == 61
    assert table.column("side").to_pylist()[:3] == ["start", "x", "y"]
    assert table.column("column_l1").null_count == 0 and 0 < table.column("row_kl").null_count < 60
    lost = rake(MATRIX.indptr, MATRIX.indices, columns=3, column_target=[0.4, 0.4, 0.2], steps=("y",))
    assert history_table(lost).column("column_kl").to_pylist() == [None, None]  # infinite: nobody holds keyword 2


def test_potentials_are_those_of_the_recorded_steps() -> None:
    found = raked(("y", "x", "y"))
    table = potentials_table(found)
    assert table.column("step").to_pylist() == [0, 1, 2, 3]
    assert table.column("side").to_pylist() == ["start", "y", "x", "y"]
    np.testing.assert_array_equal(table.column("log_scale").to_pylist()[-1], found.log_scale)
    empty = potentials_table(threshold(MATRIX.indptr, MATRIX.indices, columns=3, t=1))
    assert empty.num_rows == 0 and empty.schema.equals(POTENTIALS)
