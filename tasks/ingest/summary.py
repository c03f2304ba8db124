"""What became of a source's rows, counted."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc
from pydantic import JsonValue

from storage.errors import InputError
from tasks.ingest.config import BalanceCsvConfig, HuggingFaceParquetConfig, ScenesConfig, SourceConfig
from tasks.ingest.rows import Batch
from tasks.ingest.scenes.vocabulary import CONCEPT_NAMES
from tasks.ingest.sources import balance_csv, imagenet_captions
from tasks.ingest.sources.huggingface import class_names, open_parquet
from tasks.ingest.sources.table import read_rows
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

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        pairs = batch.pairs
        self.rows += pairs.num_rows
        self.rejected += batch.rejected.num_rows
        self._reasons.update(batch.rejected["reason"].to_pylist())
        self._with_image += pairs.num_rows - pairs["image"].null_count
        self._caption_characters += pc.sum(pc.utf8_length(pairs["caption"])).as_py() or 0
        paths = pc.struct_field(pairs["image"].combine_chunks(), "path")
        self._image_paths.update(path for path in paths.to_pylist() if path is not None)
        self._labels.update(label for label in pairs["label"].to_pylist() if label is not None)

    def stats(self) -> dict[str, JsonValue]:
        """Plain numbers: rows, rejected, reasons, and how many distinct images the rows share."""
        return {
            "rows": self.rows,
            "rejected": self.rejected,
            "reasons": dict(sorted(self._reasons.items())),
            "rows_with_image": self._with_image,
            "distinct_image_paths": len(self._image_paths),
            "mean_caption_characters": self._caption_characters / self.rows if self.rows else None,
            "labels": {str(label): count for label, count in sorted(self._labels.items())},
        }


def describe_source(config: SourceConfig, files: Sequence[Path]) -> dict[str, JsonValue]:
    """What the rows are: the source's name and kind, where the images come from, the names of the labels."""
    return {
        "source": config.name,
        "kind": config.kind,
        "images": image_provenance(config),
        "class_names": list(_label_names(config, files)),
    }


def image_provenance(config: SourceConfig) -> str:
    """Whose the images are, said honestly: a photo of the same class is not the photo that a title was given to."""
    if isinstance(config, ScenesConfig):
        return "rendered"
    if isinstance(config, BalanceCsvConfig):
        return {
            "flickr": "the row's own",
            "class": "stand-ins: any image of the row's class",
            "none": "none",
        }[config.images]
    if isinstance(config, HuggingFaceParquetConfig):
        return "the row's own" if config.image_column is not None else "none"
    return "the row's own" if config.image_folder is not None else "none"


def require_some_rows(source: str, stats: Sequence[IngestStats]) -> int:
    """Accepted rows over the groups of a source, from their manifests' stats; `InputError`, with reasons, if none.

    One group without a row is no error (a bad file among good ones is reported, not fatal); a source without one is.
    """
    rows = sum(group.rows for group in stats)
    if rows:
        return rows
    reasons: Counter[str] = Counter()
    for group in stats:
        reasons.update(group.reasons)
    why = ", ".join(f"{reason}: {count}" for reason, count in reasons.most_common(3)) or "it has no rows"
    raise InputError(f"the source {source!r} gave no usable row ({why}): see rejected.parquet of its ingest stage")


def _label_names(config: SourceConfig, files: Sequence[Path]) -> Sequence[str]:
    if isinstance(config, ScenesConfig):
        return CONCEPT_NAMES
    if isinstance(config, HuggingFaceParquetConfig):
        if config.class_names or not files:
            return config.class_names
        return class_names(open_parquet(files[0], config), config.label_column)
    if isinstance(config, BalanceCsvConfig):
        rows = read_rows(files[0], balance_csv.COLUMNS, config.quotes)
        return balance_csv.wnids(row.fields[1] for row in rows if not row.problem)
    return imagenet_captions.wnids(imagenet_captions.load_list(files[0]))
