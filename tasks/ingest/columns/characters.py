"""What the rules ask of a column of texts: is each UTF-8, can anything in it be seen, how many characters has it."""

import sys
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tasks.arrays import Bools, Int64s
from tasks.compiled import Integer, compiled
from tasks.ingest.columns.buffers import Bytes, buffers
from tasks.ingest.text import invisible_characters


class Characters(NamedTuple):
    """Of each text, `[n]`.

    Attributes:
        sound: whether it is UTF-8, as Python decodes it: no surrogates, nothing longer than it need be.
        seen: whether it holds a character that can be seen, as `text.is_visible` says; only of sound texts.
        length: its characters; only of sound texts.
    """

    sound: Bools
    seen: Bools
    length: Int64s


def characters(texts: pa.LargeBinaryArray) -> Characters:
    """What is asked of every text; nulls are judged as whatever stands in their places."""
    data, offsets = buffers(texts)
    found = Characters(np.empty(len(texts), np.bool_), np.empty(len(texts), np.bool_), np.empty(len(texts), np.int64))
    _judge(data, offsets, _visible(), found)
    return found


@cache
def _visible() -> Bools:
    """Of every code point, whether it can be seen."""
    visible = np.ones(sys.maxunicode + 1, bool)
    visible[[ord(character) for character in invisible_characters()]] = False
    visible.flags.writeable = False
    return visible


@compiled
def _judge(data: Bytes, offsets: Int64s, visible: Bools, out: Characters) -> None:
    """Fills `out`. `visible [0x110000]`: of every code point, whether it can be seen."""
    for row in range(len(offsets) - 1):
        at, stop = offsets[row], offsets[row + 1]
        sound, seen, count = True, False, 0
        while at < stop:
            code = np.int64(data[at])
            width = 1
            if code >= 0x80:
                width, least = _width(code)
                if width == 0 or at + width > stop:
                    sound = False
                    break
                code &= 0xFF >> (width + 1)
                for byte in range(1, width):
                    following = np.int64(data[at + byte])
                    if following & 0xC0 != 0x80:
                        sound = False
                    code = (code << 6) | (following & 0x3F)
                if not sound or code < least or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                    sound = False
                    break
            seen = seen or visible[code]
            count += 1
            at += width
        out.sound[row], out.seen[row], out.length[row] = sound, seen, count


@compiled
def _width(lead: Integer) -> tuple[int, int]:
    """Bytes of a character by its first, and the least code point that needs so many; 0 where none begins so."""
    if lead >> 5 == 0b110:
        return 2, 0x80
    if lead >> 4 == 0b1110:
        return 3, 0x800
    if lead >> 3 == 0b11110:
        return 4, 0x10000
    return 0, 0
