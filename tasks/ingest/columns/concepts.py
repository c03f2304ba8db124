"""What a detector saw in pictures, in any of the forms that people write it down in, as one list of concepts a row.

Known are lists of labels; lists of structs with a label and a score; a struct of two such lists; labels in one column
and scores in another; and JSON texts of any of these, or of an object from label to score. Boxes are passed over.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import CONCEPT
from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.cells import as_bytes, is_list, is_text
from tasks.ingest.columns.characters import characters
from tasks.ingest.columns.concept_forms import LONGEST, fields_of, is_score, loaded, pairs_in
from tasks.ingest.columns.plain import plain


def concepts_of(values: pa.Array, scores: pa.Array | None = None) -> tuple[pa.ListArray, Bools]:
    """The concepts of each row, `[n]` lists of `schemas.CONCEPT`; and which rows hold something else, bool.

    Of a row each label stands once, with its highest score, the surest first and those of no score last. Labels of
    nothing but white space are left out; scores that are not finite are null.

    Args:
        values: the labels, or labels and scores.
        scores: `[n]` lists of numbers as long as those of the labels, or JSON texts of such; None: none beside.
    """
    values = plain(values)
    if is_text(values.type):
        return _from_json(values, scores)
    odd = np.zeros(len(values), np.bool_)
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), pa.list_(CONCEPT)), odd
    numbers = None if scores is None else plain(scores)
    if pa.types.is_struct(values.type):
        label, score = fields_of(values.type) or ("", None)
        numbers = values.field(score) if score is not None else numbers
        values = pc.if_else(values.is_valid(), values.field(label), None) if values.null_count else values.field(label)
    if numbers is not None and is_text(numbers.type):
        numbers = _number_lists(numbers)
    lengths = _lengths(values)
    labels, sure = values.flatten(), None
    if pa.types.is_struct(labels.type):
        label, score = fields_of(labels.type) or ("", None)
        sure = None if score is None else labels.field(score)
        labels = labels.field(label)
    elif numbers is not None:
        odd = values.is_valid().to_numpy(zero_copy_only=False) & (_lengths(numbers) != lengths)
        taken = np.repeat(~odd, lengths)
        labels, lengths = labels.filter(pa.array(taken)), np.where(odd, 0, lengths)
        sure = numbers.filter(pa.array(~odd)).flatten() if is_list(numbers.type) else None
    owner = np.repeat(np.arange(len(values)), lengths)
    wrong = ~characters(as_bytes(labels)).sound
    wrong |= pc.fill_null(pc.greater(pc.binary_length(labels), LONGEST), False).to_numpy(zero_copy_only=False)
    odd[owner[wrong & labels.is_valid().to_numpy(zero_copy_only=False)]] = True
    kept = pa.array(~odd[owner])
    return _lists(
        owner[~odd[owner]],
        labels.filter(kept).cast(pa.string()),
        None if sure is None else sure.filter(kept).cast(pa.float32(), safe=False),
        values.is_valid().to_numpy(zero_copy_only=False) & ~odd,
    ), odd


def _lengths(lists: pa.Array) -> Int64s:
    if not is_list(lists.type):
        return np.full(len(lists), -1, np.int64)
    found: Int64s = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _lists(owner: Int64s, labels: pa.Array, scores: pa.Array | None, valid: Bools) -> pa.ListArray:
    """Lists by row, each label once."""
    import polars as pl  # not needed where no source names concepts

    frame = pl.DataFrame({
        "row": owner,
        "label": pl.from_arrow(labels),
        "score": pl.from_arrow(pa.nulls(len(labels), pa.float32()) if scores is None else scores),
    })  # fmt: skip
    frame = frame.filter(pl.col("label").str.strip_chars() != "")
    frame = frame.with_columns(pl.when(pl.col("score").is_finite()).then(pl.col("score")))
    frame = frame.group_by("row", "label").agg(pl.col("score").max())
    frame = frame.sort("row", "score", "label", descending=[False, True, False], nulls_last=True)
    offsets = np.zeros(len(valid) + 1, np.int32)
    np.cumsum(np.bincount(frame["row"].to_numpy(), minlength=len(valid)), out=offsets[1:])
    columns = [frame["label"].to_arrow().cast(pa.string()), frame["score"].to_arrow().cast(pa.float32())]
    items = pa.StructArray.from_arrays(columns, fields=list(CONCEPT))
    return pa.ListArray.from_arrays(pa.array(offsets), items, type=pa.list_(CONCEPT), mask=pa.array(~valid))


def _from_json(texts: pa.Array, scores: pa.Array | None) -> tuple[pa.ListArray, Bools]:
    owner, labels, sure = list[int](), list[str](), list[float | None]()
    odd, valid = np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_)
    beside = [None] * len(texts) if scores is None else plain(scores).to_pylist()
    raw = as_bytes(texts).to_pylist()
    for row, (text, numbers) in enumerate(zip(raw, beside, strict=True)):
        if text is None or not text.strip():
            continue
        found = pairs_in(loaded(text), loaded(numbers) if isinstance(numbers, str) else numbers)
        if found is None:
            odd[row] = True
            continue
        valid[row] = True
        owner += [row] * len(found)
        labels += [label for label, _ in found]
        sure += [score for _, score in found]
    lists = _lists(np.array(owner, np.int64), pa.array(labels, pa.string()), pa.array(sure, pa.float32()), valid)
    return lists, odd


def _number_lists(texts: pa.Array) -> pa.Array:
    found = [None if text is None else loaded(text) for text in texts.to_pylist()]
    rows: Iterable[object] = (
        row if isinstance(row, list) and all(each is None or is_score(each) for each in row) else None for row in found
    )
    return pa.array(list(rows), pa.large_list(pa.float64()))
