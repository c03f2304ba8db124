"""What became of the rows, counted by hand."""

from collections.abc import Sequence

import pytest

from storage.errors import InputError
from tasks.ingest.rows.batches import make_batches
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.vocabulary import CONCEPT_NAMES
from tasks.ingest.stats import IngestStats
from tasks.ingest.summary import MOST_LABELS, Summary, require_some_rows

ROWS = [
    Pair("a", "four", b"x", "1.png", 3),
    Pair("b", "", b"y", "1.png", 3),
    Pair("c", "né", None, None, 0),
    Rejection("d", "missing image", ""),
    Rejection("e", "empty caption", ""),
    Rejection("f", "missing image", ""),
]


def figures(rows: Sequence[Pair | Rejection], rows_per_batch: int = 2) -> IngestStats:
    summary = Summary()
    for batch in make_batches(rows, "scenes", rows_per_batch=rows_per_batch):
        summary.add(batch)
    return summary.stats(ScenesConfig(), Group(index=1, of=3), ())


def test_counts() -> None:
    assert figures(ROWS).model_dump() == {
        "source": "scenes",
        "kind": "scenes",
        "images": "rendered",
        "class_names": CONCEPT_NAMES,
        "group": "2/3",
        "rows": 3,
        "rejected": 3,
        "reasons": {"empty caption": 1, "missing image": 2},
        "rows_with_image": 2,
        "mean_caption_characters": 2.0,
        "labels": {"0": 1, "3": 2},
        "bytes": 136,
    }
    assert figures([]).mean_caption_characters is None


def test_a_source_may_have_empty_groups_but_not_only_such() -> None:
    empty = figures(ROWS[3:])
    assert require_some_rows("s", [empty, figures(ROWS)]) == 3
    with pytest.raises(InputError, match=r"'s' gave no usable row \(missing image: 4, empty caption: 2\)"):
        require_some_rows("s", [empty, empty])
    latin = figures([Rejection(key, "invalid UTF-8", "") for key in "ab"])
    with pytest.raises(InputError, match=r"invalid UTF-8: 2.*convert it first, as by `iconv"):
        require_some_rows("s", [latin])


def test_labels_that_are_no_classes_are_not_listed() -> None:
    rows = [Pair(str(label), "x", None, None, label) for label in range(MOST_LABELS + 1)]
    assert len(figures(rows[:-1], 10_000).labels) == MOST_LABELS
    assert figures(rows, 10_000).labels == {}
