"""Unicode spacing of whole columns: composed, folded, punctuation apart, blanks collapsed."""

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bytes, Int64s
from tasks.matching.arrow import buffers, from_buffers
from tasks.matching.spacing.characters import character_classes
from tasks.matching.spacing.unicode_kernel import respace

_NEWLINE = ord("\n")


def space_unicode(texts: pa.LargeBinaryArray, *, fold_case: bool) -> pa.LargeBinaryArray:
    """`text.spacing_unicode` of every text, without the space at either end; bytes outside UTF-8 become U+FFFD."""
    values, offsets = buffers(texts)
    values, offsets = values[offsets[0] : offsets[-1]], offsets - offsets[0]
    if np.any(values >= 0x80):
        values, offsets = _composed(texts, fold_case=fold_case)
    elif fold_case:
        upper = (values >= ord("A")) & (values <= ord("Z"))
        values = values | (upper.view(np.uint8) << np.uint8(5))
    return from_buffers(*respace(values, offsets, _classes()))


def _composed(texts: pa.LargeBinaryArray, *, fold_case: bool) -> tuple[Bytes, Int64s]:
    """NFC and case folding of all the texts as one Python string, with newlines between them.

    A newline composes with nothing and folds to nothing, so the texts keep apart; newlines inside are blanks anyway.
    """
    plain = pc.replace_substring(texts, b"\n", b" ")
    whole = pa.LargeListArray.from_arrays(pa.array([0, len(plain)], pa.int64()), plain)
    joined = pc.binary_join(whole, pa.scalar(b"\n", pa.large_binary()))[0].as_py().decode("utf-8", "replace")
    if fold_case:
        joined = unicodedata.normalize("NFD", joined).casefold()
    values = np.frombuffer(unicodedata.normalize("NFC", joined).encode(), dtype=np.uint8)
    return values, np.concatenate([[0], np.flatnonzero(values == _NEWLINE) + 1, [values.size]]).astype(np.int64)


@cache
def _classes() -> Bytes:
    return character_classes()
