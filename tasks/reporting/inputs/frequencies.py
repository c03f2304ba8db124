"""How often the training data show a class: by the sources' labels, or else by the keyword of its name."""

from collections.abc import Iterable, Sequence

import polars as pl

from storage.record.manifest import Manifest
from tasks.ingest.stats import IngestStats


def read_frequencies(names: Iterable[str], ingested: Sequence[Manifest], keywords: pl.DataFrame) -> dict[str, int]:
    """Training pairs of each class, by its name in lower case; what neither labels nor keywords know is left out.

    Args:
        names: of the classes.
        ingested: the groups of pairs; their labels come first.
        keywords: the keyword table, with `text` and `count`.
    """
    asked = {name.lower() for name in names}
    lower = keywords.select(pl.col("text").str.to_lowercase(), pl.col("count").fill_null(0))
    counted = lower.filter(pl.col("text").is_in(list(asked))).group_by("text").agg(pl.col("count").max())
    found = {text: count for text, count in counted.iter_rows() if count > 0}
    labelled: dict[str, int] = {}
    for stats in map(IngestStats.of, ingested):
        for name in stats.class_names if stats.labels else ():
            labelled.setdefault(name.lower(), 0)
        for label, rows in stats.labels.items():
            if int(label) < len(stats.class_names):
                labelled[stats.class_names[int(label)].lower()] += rows
    return found | {name: rows for name, rows in labelled.items() if name in asked}
