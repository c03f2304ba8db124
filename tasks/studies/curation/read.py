"""What the study `curation` reads of other stages' outputs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from storage.record.manifest import Manifest
from storage.tables.shards import iter_batches, read_table
from tasks.arrays import Int64s
from tasks.resampling.stats import RealiseStats
from tasks.studies.curation.arms import Selection


def label_counts(paths: Sequence[Path], classes: int) -> Int64s:
    """Pairs of every class below `classes`, `[classes]`; pairs without a label, or with another, are not counted."""
    counts = np.zeros(classes, np.int64)
    for path in paths:
        for batch in iter_batches(path, ["label"]):
            labels = batch["label"].drop_null().to_numpy()
            counts += np.bincount(labels[(labels >= 0) & (labels < classes)], minlength=classes)
    return counts


def read_selection(realised: Manifest, entries: Path) -> Selection:
    """The keywords' masses and what the selection holds; keywords that nothing holds are left out."""
    stats = RealiseStats.of(realised)
    table = read_table([entries])
    masses = {name: table[name].to_numpy() for name in ("observed", "target", "realised")}
    order = np.argsort(-masses["observed"], kind="stable")
    order = order[masses["observed"][order] > 0]
    return Selection(
        keywords=tuple(table["text"].take(order).to_pylist()),
        **{name: tuple((mass[order] / mass.sum()).tolist()) for name, mass in masses.items()},
        size=stats.size,
        distinct=stats.distinct,
        effective_sample_size=stats.effective_sample_size,
        total_variation=stats.total_variation,
    )
