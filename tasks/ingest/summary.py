"""What became of a source's rows, counted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.places.place import Place
from storage.tables.payload import payload
from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import source_of
from tasks.ingest.reasons import TO_UTF_8
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.stats import IngestStats

MOST_LABELS = 1 << 16
"""Labels that are told apart; a column of more is no list of classes, and the manifest is no place for it."""


class Summary:
    """Counts gathered batch by batch, so that the manifest tells what was taken and why the rest was not.

    Everything is summed by Arrow; in Python there is an object a reason and a label, of which there are few.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.rejected = 0
        self._with_image = 0
        self._caption_characters = 0
        self._reasons: Counter[Any] = Counter()
        self._labels: Counter[Any] = Counter()
        self._bytes = 0

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        pairs = batch.pairs
        self.rows += pairs.num_rows
        self.rejected += batch.rejected.num_rows
        self._reasons.update(_counts(batch.rejected["reason"]))
        self._with_image += pairs.num_rows - pairs["image"].null_count
        self._caption_characters += pc.sum(pc.utf8_length(pairs["caption"])).as_py() or 0
        self._bytes += int(payload(pairs).sum())
        if len(self._labels) <= MOST_LABELS and pairs["label"].null_count < pairs.num_rows:
            self._labels.update(_counts(pairs["label"].drop_null()))

    def stats(self, config: SourceConfig, group: Group, files: Sequence[Place]) -> IngestStats:
        """The figures of the group that was read: what its rows are, and what became of them."""
        source = source_of(config)
        return IngestStats(
            source=config.name,
            kind=config.kind,
            images=source.images(config),
            class_names=tuple(source.class_names(config, files)),
            group=group.label,
            rows=self.rows,
            rejected=self.rejected,
            reasons=dict(sorted(self._reasons.items())),
            rows_with_image=self._with_image,
            mean_caption_characters=self._caption_characters / self.rows if self.rows else None,
            bytes=self._bytes,
            labels=self._label_counts(),
        )

    def _label_counts(self) -> dict[str, int]:
        if len(self._labels) > MOST_LABELS:
            return {}
        return {str(label): count for label, count in sorted(self._labels.items())}


def _counts(values: pa.ChunkedArray) -> dict[Any, int]:
    counted = pc.value_counts(values)
    return dict(zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True))


def require_some_rows(source: str, groups: Sequence[IngestStats]) -> int:
    """Accepted rows over the groups of a source; `InputError`, with the most frequent reasons, if there are none.

    One group without a row is no error (a bad file among good ones is reported, not fatal); a source without one is.
    """
    rows = sum(group.rows for group in groups)
    if rows:
        return rows
    reasons: Counter[str] = Counter()
    for group in groups:
        reasons.update(group.reasons)
    why = ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common(3)) or "it has no rows"
    most = max(reasons, key=reasons.__getitem__, default=None)
    raise InputError(
        f"the source {source!r} gave no usable row ({why}): "
        + (f"{TO_UTF_8}, and " if most == "invalid UTF-8" else "")
        + "see rejected.parquet of its ingest stage"
    )
