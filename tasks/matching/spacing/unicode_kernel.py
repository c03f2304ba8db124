"""The loop behind Unicode spacing (compiled): punctuation apart, blanks collapsed, one pass over the bytes."""

import numpy as np

from tasks.arrays import Bytes, Int64s
from tasks.compiled import Integer, compiled
from tasks.matching.spacing.characters import APOSTROPHES, BLANK, JOINER, WORD, WRAPPED

_SPACE = ord(" ")
_PLAIN_APOSTROPHE = ord(APOSTROPHES[0])
_OTHER_APOSTROPHES = tuple(ord(mark) for mark in APOSTROPHES[1:])


@compiled
def _character(values: Bytes, position: Integer, stop: Integer) -> tuple[Integer, Integer]:
    """The code point at a position of valid UTF-8, and its bytes; (0, 0) at the end."""
    if position >= stop:
        return 0, 0
    lead = np.int64(values[position])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        return ((lead & 0x1F) << 6) | (values[position + 1] & 0x3F), 2
    if lead < 0xF0:
        return ((lead & 0x0F) << 12) | ((values[position + 1] & 0x3F) << 6) | (values[position + 2] & 0x3F), 3
    high = ((lead & 0x07) << 18) | ((values[position + 1] & 0x3F) << 12)
    return high | ((values[position + 2] & 0x3F) << 6) | (values[position + 3] & 0x3F), 4


@compiled
def respace(values: Bytes, offsets: Int64s, classes: Bytes) -> tuple[Bytes, Int64s]:
    """Write every text with one space around each wrapped character and between words, none at the ends.

    `values`, `offsets`: valid UTF-8 texts as Arrow lays them out; `classes`: see `characters.py`. Returns the same
    layout anew.
    """
    rows = offsets.size - 1
    # A character brings at most one space.
    out = np.empty(2 * (offsets[rows] - offsets[0]), dtype=np.uint8)
    out_offsets = np.zeros(rows + 1, dtype=np.int64)
    size: Integer = 0
    for row in range(rows):
        position, stop, row_start = offsets[row], offsets[row + 1], size
        before = BLANK
        apart = False
        while position < stop:
            code, width = _character(values, position, stop)
            kind = classes[code]
            if kind == JOINER:
                following, following_width = _character(values, position + width, stop)
                joins = before == WORD and following_width > 0 and classes[following] == WORD
                kind = WORD if joins else WRAPPED
                if joins and code in _OTHER_APOSTROPHES:
                    code = _PLAIN_APOSTROPHE
            if kind == BLANK:
                apart = True
            else:
                if (apart or kind == WRAPPED) and size > row_start:
                    out[size] = _SPACE
                    size += 1
                if code == _PLAIN_APOSTROPHE:
                    out[size] = _PLAIN_APOSTROPHE
                    size += 1
                else:
                    for step in range(width):
                        out[size + step] = values[position + step]
                    size += width
                apart = kind == WRAPPED
            before = kind
            position += width
        out_offsets[row + 1] = size
    return out[:size].copy(), out_offsets
