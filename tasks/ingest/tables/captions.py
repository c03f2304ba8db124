"""Captions of a table: a text a row, or several, which make one pair each."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Int64s
from tasks.ingest.columns.cells import as_bytes, is_list
from tasks.ingest.columns.plain import plain
from tasks.ingest.tables.columns import text_field


def caption_column(values: pa.Array) -> pa.Array:
    """Captions as byte strings `[n]`, or as lists of byte strings; of structs in lists, the field that is a text."""
    values = plain(values)
    if not is_list(values.type):
        return as_bytes(values)
    texts = values.values
    if pa.types.is_struct(texts.type):
        texts = texts.flatten()[texts.type.get_field_index(str(text_field(texts.type)))]
    missing = None if values.null_count == 0 else pc.is_null(values)
    return pa.LargeListArray.from_arrays(values.offsets, as_bytes(texts), mask=missing)


def spread(
    keys: pa.LargeBinaryArray, captions: pa.LargeListArray, refused: list[int]
) -> tuple[Int64s, pa.LargeBinaryArray, pa.LargeBinaryArray]:
    """A draft for each caption of a list, with the caption's number in its key; one for each row without a list.

    Returns:
        The row of every draft, ascending; the drafts' keys, `<key>#<number>`; their captions.
    """
    lengths = pc.fill_null(pc.list_value_length(captions), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    lengths[refused] = 0
    counts = np.maximum(lengths, 1)
    owner = np.repeat(np.arange(len(keys)), counts)
    number = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    several = lengths[owner] > 0
    cells = captions.offsets.to_numpy().astype(np.int64)[owner] + number
    texts = captions.values.take(pa.array(cells, mask=~several))
    own = keys.take(pa.array(owner))
    numbers = as_bytes(pa.array(number).cast(pa.large_string()))
    numbered = pc.binary_join_element_wise(own, numbers, pa.scalar(b"#", pa.large_binary()))
    return owner, pc.if_else(pa.array(several), numbered, own), texts
