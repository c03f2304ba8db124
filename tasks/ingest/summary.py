"""What became of a source's rows, counted."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.payload import payload
from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import source_of
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.stats import IngestStats


class Summary:
    """Counts gathered batch by batch, so that the manifest tells what was taken and why the rest was not."""

    def __init__(self) -> None:
        self.rows = 0
        self.rejected = 0
        self._with_image = 0
        self._caption_characters = 0
        self._reasons: Counter[str] = Counter()
        self._image_paths: set[str] = set()
        self._labels: Counter[int] = Counter()
        self._bytes = 0

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        pairs = batch.pairs
        self.rows += pairs.num_rows
        self.rejected += batch.rejected.num_rows
        self._reasons.update(batch.rejected["reason"].to_pylist())
        self._with_image += pairs.num_rows - pairs["image"].null_count
        self._caption_characters += pc.sum(pc.utf8_length(pairs["caption"])).as_py() or 0
        self._bytes += int(payload(pairs).sum())
        paths = pc.struct_field(pairs["image"].combine_chunks(), "path")
        self._image_paths.update(path for path in paths.to_pylist() if path is not None)
        self._labels.update(label for label in pairs["label"].to_pylist() if label is not None)

    def stats(self, config: SourceConfig, group: Group, files: Sequence[Path]) -> IngestStats:
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
            distinct_image_paths=len(self._image_paths),
            mean_caption_characters=self._caption_characters / self.rows if self.rows else None,
            bytes=self._bytes,
            labels={str(label): count for label, count in sorted(self._labels.items())},
        )


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
    raise InputError(f"the source {source!r} gave no usable row ({why}): see rejected.parquet of its ingest stage")
