"""How often the training data show a class."""

import polars as pl

from storage.record.manifest import Manifest
from tasks.reporting.inputs.frequencies import read_frequencies
from tests.tasks.reporting.figures import ingest_manifest

KEYWORDS = pl.DataFrame(
    {"text": ["Circle", "circle", "ring", "dead", None], "count": pl.Series([5, 9, 4, 0, 3], dtype=pl.UInt64)}
)


def groups() -> list[Manifest]:
    names = ("red ring", "Circle", "never seen")
    return [ingest_manifest(names, {"0": 3}), ingest_manifest(names, {"0": 2, "1": 1, "7": 9}), ingest_manifest((), {})]


def test_keywords_tell_where_there_are_no_labels() -> None:
    assert read_frequencies(["circle", "RING", "dead", "unheard of"], [], KEYWORDS) == {"circle": 9, "ring": 4}


def test_labels_come_first_and_a_label_without_rows_is_none_at_all() -> None:
    found = read_frequencies(["red ring", "circle", "ring", "never seen"], groups(), KEYWORDS)
    assert found == {"red ring": 5, "circle": 1, "ring": 4, "never seen": 0}
