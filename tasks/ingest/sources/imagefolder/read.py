"""The rows of an imagefolder: those of its metadata, each with the image in the folder of that metadata."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from storage.places.place import Place
from tasks.ingest.columns.cells import is_text
from tasks.ingest.columns.plain import plain
from tasks.ingest.pictures.images import ImageFolder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group
from tasks.ingest.sources.imagefolder.config import ImageFolderConfig
from tasks.ingest.tables.columns import Columns
from tasks.ingest.tables.forms.json_lines import JsonLinesShard
from tasks.ingest.tables.forms.parquet import ParquetShard
from tasks.ingest.tables.forms.text import TextShard
from tasks.ingest.tables.read import read_shards
from tasks.ingest.tables.shard import Rows, Shard


def read_imagefolder(config: ImageFolderConfig, group: Group, root: Place) -> Iterator[Batch]:
    """The group's rows, in order."""
    shards = [Beside(_opened(config, name, root / name), config.image_column) for name in group.files]
    return read_shards(config.name, config.columns, config, group, shards, ImageFolder(root, config))


def _opened(config: ImageFolderConfig, name: str, path: Place) -> Shard:
    suffix = PurePosixPath(name).suffix
    if suffix == ".parquet":
        return ParquetShard(name, path, config.name, config.columns)
    return JsonLinesShard(name, path) if suffix == ".jsonl" else TextShard(name, path, "csv", None)


class Beside:
    """A table whose image paths start from its own folder, as a shard whose paths start from the source's."""

    def __init__(self, shard: Shard, column: str) -> None:
        self.name = shard.name
        self._shard, self._column = shard, column
        folder = PurePosixPath(shard.name).parent.as_posix()
        self._before = "" if folder == "." else f"{folder}/"

    def places(self) -> int:
        """As the table has."""
        return self._shard.places()

    def read(self, columns: Columns, wanted: range) -> Iterator[Rows]:
        """The table's rows."""
        for rows in self._shard.read(columns, wanted):
            yield rows if self._column not in rows.columns else replace(rows, columns=self._moved(rows))

    def _moved(self, rows: Rows) -> dict[str, pa.Array]:
        paths = plain(rows.columns[self._column])
        if self._before and is_text(paths.type):
            before, nothing = (pa.scalar(text, pa.large_string()) for text in (self._before, ""))
            paths = pc.binary_join_element_wise(before, paths, nothing)
        return {**rows.columns, self._column: paths}
