"""Any source, read: the one place that knows which reader belongs to which configuration."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.ingest.config import BalanceCsvConfig, Group, HuggingFaceParquetConfig, ScenesConfig, SourceConfig
from tasks.ingest.rows import Batch, Pair, Rejection, make_batches
from tasks.ingest.sources.balance_csv import read_balance_csv
from tasks.ingest.sources.huggingface import read_huggingface_parquet
from tasks.ingest.sources.imagenet_captions import read_imagenet_captions
from tasks.ingest.sources.scenes import read_scenes


def read_source(config: SourceConfig, group: Group, files: Sequence[Path]) -> Iterator[Batch]:
    """The group's rows in batches; `files` are the paths that `sources_of(config, group)` named, in that order.

    Concatenated over the groups of a plan, the rows are the same, in the same order, whatever the plan. (The
    one exception, duplicate keys of a key column in *different* Parquet files, is `duplicates.shared_keys`' task.)
    """
    return make_batches(_rows(config, group, files), config.name)


def _rows(config: SourceConfig, group: Group, files: Sequence[Path]) -> Iterator[Pair | Rejection]:
    if isinstance(config, ScenesConfig):
        return read_scenes(config, group)
    if isinstance(config, HuggingFaceParquetConfig):
        count = len(group.files)
        return read_huggingface_parquet(config, group, tuple(files[:count]), _first(files[count:]))
    folder = _first(files[1:])
    if isinstance(config, BalanceCsvConfig):
        return read_balance_csv(config, group, files[0], folder)
    return read_imagenet_captions(config, group, files[0], folder)


def _first(paths: Sequence[Path]) -> Path | None:
    return paths[0] if paths else None
