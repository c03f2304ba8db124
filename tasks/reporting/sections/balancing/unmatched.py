"""What case costs: captions that hold no keyword, and would if their letters were small."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.schemas import MATCHES, PAIRS
from storage.tables.shards import iter_batches
from tasks.matching.config import MetadataConfig
from tasks.matching.matcher import KeywordMatcher
from tasks.reporting.inputs.settings import settings
from tasks.reporting.inputs.tables import read_frame, shards_of

MOST_SHARDS, MOST_CAPTIONS, MOST_ROWS = 32, 20_000, 1 << 18
"""What is looked at, at most: so many captions without a keyword, from so many rows of so many shards.

The estimate of a share needs no more."""


@dataclass(frozen=True)
class FoldedCase:
    """What ignoring case would win back.

    Attributes:
        looked: captions without a keyword that were looked at.
        won: those of them that hold one when case is ignored.
    """

    looked: int
    won: int


def read_folded_case(
    entries: Manifest, pairs: Sequence[Manifest], matches: Sequence[Manifest], work: Workspace
) -> FoldedCase | None:
    """From a sample of the unmatched captions; None where case is ignored already, or every caption matched.

    Args:
        entries: the keyword list.
        pairs: groups of pairs.
        matches: of the same, file by file and row by row.
        work: where the outputs lie.
    """
    spacing = settings(entries, MetadataConfig).spacing
    if spacing.fold_case:
        return None
    files = list(zip(shards_of(pairs, "pairs-*.parquet", work), shards_of(matches, "matches-*.parquet", work)))
    step = -(-len(files) // MOST_SHARDS) or 1
    sampled = files[::step]
    share = -(-MOST_CAPTIONS // max(1, len(sampled)))
    among = -(-MOST_ROWS // max(1, len(sampled)))
    captions = [chunk for shard, found in sampled for chunk in _unmatched(found, shard, share, among).iterchunks()]
    return folded_case(
        pa.chunked_array(captions, pa.large_string()),
        _live_keywords(entries, work),
        unspaced_scripts=spacing.unspaced_scripts,
    )


def folded_case(
    captions: pa.ChunkedArray, keywords: Sequence[str], *, unspaced_scripts: bool = False
) -> FoldedCase | None:
    """How many captions hold a keyword when case is ignored, as `spacing.fold_case` would; None without captions."""
    if not len(captions) or not keywords:
        return None
    matcher = KeywordMatcher(keywords, "unicode", fold_case=True, unspaced_scripts=unspaced_scripts)
    found = matcher.match(captions.combine_chunks())
    return FoldedCase(len(captions), pc.sum(pc.greater(pc.list_value_length(found), 0)).as_py() or 0)


def _unmatched(matches: Path, pairs: Path, most: int, among: int) -> pa.ChunkedArray:
    """At most so many captions that hold no keyword, among a shard's first rows; rows that are gone hold none."""
    count = pc.list_value_length(_first(matches, "entries", MATCHES, among))
    places = np.flatnonzero(pc.fill_null(pc.equal(count, 0), False).to_numpy())[:most]
    texts = _first(pairs, "caption", PAIRS, int(places[-1]) + 1 if len(places) else 0)
    return texts.take(pa.array(places))


def _first(path: Path, column: str, schema: pa.Schema, rows: int) -> pa.ChunkedArray:
    """A column's values in a shard's first rows, to the end of a batch; no row group beyond those is read."""
    held = [pa.nulls(0, schema.field(column).type)]
    batches = iter_batches(path, [column])
    while sum(map(len, held)) < rows and (batch := next(batches, None)) is not None:
        held.append(batch.column(0))
    return pa.chunked_array(held)


def _live_keywords(entries: Manifest, work: Workspace) -> list[str]:
    table = read_frame([work.path(entries, "entries.parquet")], ["text", "status"])
    return [text for text, status in table.iter_rows() if status == "live"]
