"""What the stage writes down: keywords with their marginals, the history and the potentials."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from storage.tables.schemas import ENTRIES
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.raking.rake import rake
from tasks.balancing.tables import HISTORY, POTENTIALS, Marginals, entries_table, history_table, potentials_table
from tasks.balancing.threshold_rule import threshold

MATRIX = incidence_of([[0], [0, 1], [1], [0, 1]], 3)
TARGET = np.array([0.5, 0.5, 0.0])


def raked(steps: object = ("y", "x")):
    return rake(MATRIX.indptr, MATRIX.indices, columns=3, column_target=TARGET, steps=steps, initial="pairs")


MARGINALS = Marginals(
    np.array([3, 3, 0]), np.array([0.5, 0.5, 0.0]), TARGET, np.array([0.6, 0.4, 0.0]), matched=4, largest_weight=8 / 6
)


def test_the_keyword_table_keeps_its_own_columns() -> None:
    texts = pa.table({"entry": [0, 1, 2], "text": ["a", "b", "c"], "provenance": ["t"] * 3, "status": ["live"] * 3})
    blank = [name for name in ENTRIES.names if name not in texts.column_names]
    for name in blank:
        texts = texts.append_column(name, pa.nulls(3, ENTRIES.field(name).type))
    found = raked()
    table = entries_table(texts.select(ENTRIES.names).cast(ENTRIES), MARGINALS, found)
    assert table.schema.equals(ENTRIES) and table.column("text").to_pylist() == ["a", "b", "c"]
    assert table.column("count").to_pylist() == [3, 3, 0] and table.column("target").to_pylist() == TARGET.tolist()
    assert table.column("realised").null_count == 3 and table.column("balanced").to_pylist() == [0.6, 0.4, 0.0]
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
