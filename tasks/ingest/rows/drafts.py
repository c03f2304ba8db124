"""Rows of a source as columns: those that pass every rule go through as they are, the others are asked one by one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import IMAGE, PAIRS
from tasks.arrays import Bools, Ids, Int64s
from tasks.ingest.columns.characters import characters
from tasks.ingest.pictures.images import LoadedImage, Unusable
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.batches import BYTES_PER_BATCH, Batch, pairs_table, rejected_table
from tasks.ingest.rows.extras import Extras
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import FileRules


class Images(Protocol):
    """The images of some drafts, by the draft's place."""

    def vouched(self, rows: Bools) -> Bools:
        """Of the drafts `rows [n]`, those that `load` would accept, or that may go without an image."""

    def column(self, places: Int64s) -> pa.StructArray:
        """The images of vouched drafts, in the type that `pairs` has."""

    def load(self, place: int) -> LoadedImage | Unusable | None:
        """One draft's image, or why it has none; None where it has none by design."""


@dataclass(frozen=True)
class Drafts:
    """Some consecutive rows of a source before any rule was asked.

    Attributes:
        ids: uint64 `[n]`, the hashes of the source's name and the keys.
        keys: `[n]`, UTF-8 where there is no fault.
        captions: `[n]`, any bytes or null; None where the source has none by design.
        labels: `[n]`, integers or null; None where there are none.
        images: None where there are none by design.
        where: what the detail of a rejection calls a draft, by its place.
        faults: drafts that are refused already, by their places.
        extras: what they carry, `[n]` each.
    """

    ids: Ids
    keys: pa.LargeBinaryArray
    captions: pa.LargeBinaryArray | None
    labels: pa.Array | None
    images: Images | None
    where: Callable[[int], str]
    faults: Mapping[int, Rejection] = field(default_factory=dict)
    extras: Extras = field(default_factory=Extras)


def judge(drafts: Drafts, rules: FileRules, source: str) -> Iterator[Batch]:
    """The drafts as batches, in order: `acceptance.accept` of each, without a Python object for those that pass.

    A batch ends with the drafts, or where the images that had to be loaded one by one come to `BYTES_PER_BATCH`.
    """
    clear = _clear(drafts, rules)
    pairs, places, refused = list[Pair](), list[int](), list[Rejection]()
    start = size = 0
    for place in np.flatnonzero(~clear).tolist():
        row = drafts.faults.get(place) or _accept(drafts, place, rules)
        if isinstance(row, Rejection):
            refused.append(row)
            continue
        pairs.append(row)
        places.append(place)
        size += len(row.image or b"")
        if size >= BYTES_PER_BATCH:
            yield _batch(drafts, clear, (start, place + 1), (pairs, places), refused, source)
            pairs, places, refused, start, size = [], [], [], place + 1, 0
    if start < len(clear):
        yield _batch(drafts, clear, (start, len(clear)), (pairs, places), refused, source)


def _clear(drafts: Drafts, rules: FileRules) -> Bools:
    """Drafts that pass every rule, bool `[n]`; of the others each has to be looked at."""
    clear = np.ones(len(drafts.ids), np.bool_)
    clear[list(drafts.faults)] = False
    if drafts.captions is not None:
        found = characters(drafts.captions)
        clear &= found.sound & found.seen & (found.length <= rules.max_caption_characters)
        clear &= drafts.captions.is_valid().to_numpy(zero_copy_only=False)
    if drafts.labels is not None:
        clear &= _fit(drafts.labels)
    return clear if drafts.images is None else drafts.images.vouched(clear)


def _fit(labels: pa.Array) -> Bools:
    """Labels that 32 bits hold, and nulls."""
    if labels.null_count == len(labels):
        return np.ones(len(labels), np.bool_)
    bounds = pc.min_max(labels)
    if bounds["min"].as_py() >= -(2**31) and bounds["max"].as_py() < 2**31:
        return np.ones(len(labels), np.bool_)
    high = pc.less(labels, pa.scalar(2**31, labels.type))  # both bounds fit in 64 bits, and so does no smaller type
    if pa.types.is_signed_integer(labels.type):
        high = pc.and_(high, pc.greater_equal(labels, pa.scalar(-(2**31), labels.type)))
    fits: Bools = pc.fill_null(high, True).to_numpy(zero_copy_only=False)
    return fits


def _accept(drafts: Drafts, place: int, rules: FileRules) -> Pair | Rejection:
    caption = None if drafts.captions is None else drafts.captions[place].as_py()
    images = drafts.images
    return accept(
        drafts.keys[place].as_py().decode(),
        None if caption is None else caption.decode("utf-8", "surrogateescape"),
        rules,
        image=lambda: None if images is None else images.load(place),
        label=None if drafts.labels is None else drafts.labels[place].as_py(),
        where=drafts.where(place),
        captioned=drafts.captions is not None,
    )


def _batch(
    drafts: Drafts,
    clear: Bools,
    part: tuple[int, int],
    asked: tuple[list[Pair], list[int]],
    refused: list[Rejection],
    source: str,
) -> Batch:
    """The drafts from `part[0]` up to `part[1]`: the clear ones, and among them the pairs that were asked for."""
    places = part[0] + np.flatnonzero(clear[part[0] : part[1]])
    table = _table(drafts, places, source)
    if asked[0]:
        order = np.argsort(np.concatenate([places, asked[1]]), kind="stable")
        table = pa.concat_tables([table, pairs_table(asked[0], source)]).take(pa.array(order))
        places = np.sort(np.concatenate([places, asked[1]]))
    if drafts.extras.carried:
        table = drafts.extras.take(pa.array(places)).beside(table)
    return Batch(table, rejected_table(refused))


def _table(drafts: Drafts, places: Int64s, source: str) -> pa.Table:
    n = len(places)
    run = n and places[-1] - places[0] + 1 == n
    rows = pa.array(places)

    def part(values: pa.Array) -> pa.Array:
        return values.slice(places[0], n) if run else values.take(rows)

    captions = pa.repeat(pa.scalar("", pa.large_string()), n) if drafts.captions is None else part(drafts.captions)
    return pa.table(
        [
            pa.array(drafts.ids[places]),
            part(drafts.keys).cast(pa.string()),
            captions.cast(pa.large_string()),
            pa.nulls(n, IMAGE) if drafts.images is None else drafts.images.column(places),
            pa.nulls(n, pa.int32()) if drafts.labels is None else part(drafts.labels).cast(pa.int32()),
            pa.repeat(pa.scalar(source, pa.string()), n),
        ],
        schema=PAIRS,
    )
