"""Tables and documents that the stages left, as frames, arrays and dictionaries."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from pydantic import JsonValue

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import read_table
from tasks.arrays import Floats


def read_frame(paths: Sequence[Path], columns: Sequence[str] | None = None) -> pl.DataFrame:
    """All rows of some shards, in the order given; `columns` None reads every column."""
    frame = pl.from_arrow(read_table(paths, columns))
    assert isinstance(frame, pl.DataFrame)
    return frame


def read_document(path: Path) -> Mapping[str, JsonValue]:
    """A JSON object."""
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def shards_of(manifests: Sequence[Manifest], pattern: str, work: Workspace) -> list[Path]:
    """The files of several outputs that match a pattern, output by output."""
    return [path for manifest in manifests for path in work.paths(manifest, pattern)]


def read_keywords(selection: Manifest, work: Workspace) -> list[str]:
    """The texts of all keywords, in the order of their numbers."""
    entries = read_frame([work.path(selection, "entries.parquet")], ["entry", "text"])
    return entries.sort("entry")["text"].to_list()


def edge_lengths(tree: Manifest, work: Workspace) -> Floats:
    """Lengths of a spanning tree's edges, float64 `[n - 1]`, from the output of `geometry`."""
    return read_frame([work.path(tree, "edges.parquet")], ["length"])["length"].cast(pl.Float64).to_numpy()
