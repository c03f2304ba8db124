"""Columns that pass go through whole; what is refused stands in order, with the place it is called by."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from storage.tables.schemas import PAIRS, Carried, with_carried
from tasks.ingest.columns.xxh3 import row_ids
from tasks.ingest.pictures.images import LoadedImage
from tasks.ingest.rows.drafts import Drafts, judge
from tasks.ingest.rows.extras import Extras
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import FileRules

KEYS = pa.array([b"a", b"b", b"c", b"d"], pa.large_binary())


def drafts(captions: list[bytes | None], labels: pa.Array | None = None, **faults: Rejection) -> Drafts:
    texts = pa.array(captions, pa.large_binary())
    ids = row_ids("s", KEYS)
    return Drafts(
        ids, KEYS, texts, labels, None, lambda place: f"row {place}", {int(k[1:]): v for k, v in faults.items()}
    )


def test_only_what_is_refused_is_asked_for() -> None:
    fault = Rejection("c", "duplicate key", "row 2 again")
    (batch,) = judge(drafts([b"x", b" ", b"y", b"z"], pa.array([1, 2, 3, 2**40]), _2=fault), FileRules(), "s")
    assert [(row["key"], row["caption"], row["label"]) for row in batch.pairs.to_pylist()] == [("a", "x", 1)]
    assert batch.rejected["detail"].to_pylist() == [
        "row 1: 1 characters of white space",
        "row 2 again",
        "row 3: 1099511627776 does not fit in 32 bits",
    ]


def test_a_clear_column_is_not_copied() -> None:
    held = drafts([b"x", b"y", b"z", b"w"])
    (batch,) = judge(held, FileRules(), "s")
    assert batch.pairs["caption"].chunk(0).buffers()[2].address == held.captions.buffers()[2].address  # type: ignore[union-attr]


def test_scores_go_with_the_rows_that_pass_and_with_those_that_were_asked() -> None:
    class Asked:
        """Every second image has to be looked at."""

        def vouched(self, rows: np.ndarray) -> np.ndarray:
            return rows & (np.arange(len(rows)) % 2 == 0)

        def column(self, places: np.ndarray) -> pa.Array:
            return pa.nulls(len(places), PAIRS.field("image").type)

        def load(self, place: int) -> LoadedImage:
            return LoadedImage(b"looked at", str(place))

    held = drafts([b"x", b"y", b" ", b"w"])
    scores = {"b": pa.array([1, 2, 3, None]), "a": pa.array([0.5, float("nan"), 0.5, float("inf")])}
    (batch,) = judge(replace(held, extras=Extras(scores), images=Asked()), FileRules(), "s")
    assert batch.pairs.schema.equals(with_carried(PAIRS, Carried(frozenset("ab"))))
    assert [(row["key"], row["scores"]) for row in batch.pairs.to_pylist()] == [
        ("a", {"a": 0.5, "b": 1.0}),
        ("b", {"a": None, "b": 2.0}),
        ("d", {"a": float("inf"), "b": None}),
    ]


def test_no_rows_are_no_batch() -> None:
    nothing = pa.array([], pa.large_binary())
    empty = Drafts(row_ids("s", nothing), nothing, nothing, None, None, str)
    assert list(judge(empty, FileRules(), "s")) == []
