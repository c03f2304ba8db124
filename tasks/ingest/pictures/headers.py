"""The size of an image from its first bytes, for a whole column: what the usual encoders write, without a decoder.

Only headers are vouched for in which Pillow finds nothing amiss: JPEG whose segments before the scan are well-formed
and of the kinds JFIF, Adobe, comment, tables and one baseline or progressive frame of 8 bits; PNG whose IHDR is intact
and followed by IDAT. Everything else (Exif, profiles, other formats, damage) is for Pillow to judge.
"""

import numpy as np
import pyarrow as pa

from tasks.arrays import Int64s
from tasks.compiled import Integer, compiled
from tasks.ingest.columns.buffers import Bytes, buffers

_PNG = np.frombuffer(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", np.uint8)
_IDAT = np.frombuffer(b"IDAT", np.uint8)
_COLOURS = np.array([0b11111, 0, 0b11000, 0b01111, 0b11000, 0, 0b11000], np.int64)
"""Bit `k` of entry `c`: PNG allows colour type `c` with `2^k` bits a sample."""


def plain_sizes(contents: pa.LargeBinaryArray) -> Int64s:
    """Width and height of each image, `[n, 2]`; zeros where only a decoder can tell."""
    data, offsets = buffers(contents)
    sizes = np.zeros((len(contents), 2), np.int64)
    _read(data, offsets, sizes)
    return sizes


@compiled
def _read(data: Bytes, offsets: Int64s, sizes: Int64s) -> None:
    for row in range(len(sizes)):
        start, stop = offsets[row], offsets[row + 1]
        if stop - start > 3 and data[start] == 0xFF:
            sizes[row] = _jpeg(data, start, stop)
        elif stop - start > 41 and data[start] == 0x89:
            sizes[row] = _png(data, start)


@compiled
def _jpeg(data: Bytes, start: Integer, stop: Integer) -> tuple[Integer, Integer]:
    """Walk from segment to segment up to the scan."""
    width: Integer = 0
    height: Integer = 0
    if data[start + 1] != 0xD8:
        return 0, 0
    at: Integer = start + 2
    while at + 4 <= stop and data[at] == 0xFF:
        marker, body, length = data[at + 1], at + 4, _number(data, at + 2, 2) - 2
        if length < 0 or body + length > stop:
            return 0, 0
        if marker == 0xDA:  # the scan
            return width, height
        if 0xC0 <= marker <= 0xC2:  # the frame
            layers = np.int64(data[body + 5]) if length > 5 else 0
            sound = layers == 1 or layers == 3 or layers == 4
            if width or not sound or data[body] != 8 or length != 6 + 3 * layers:
                return 0, 0
            width, height = _number(data, body + 3, 2), _number(data, body + 1, 2)
            if not (width and height):
                return 0, 0
        elif marker == 0xDB:
            if not _tables_are_whole(data, body, length):
                return 0, 0
        elif marker == 0xE0 or marker == 0xEE:
            if length < 12:
                return 0, 0
        elif not (marker == 0xC4 or marker == 0xDD or marker == 0xFE):
            return 0, 0
        at = body + length
    return 0, 0


@compiled
def _tables_are_whole(data: Bytes, at: Integer, length: Integer) -> bool:
    """Whether a segment of quantisation tables is one after the other, of 64 values of 1 or 2 bytes."""
    left: Integer = length
    while left > 0:
        size = 65 if data[at] >> 4 == 0 else 129
        at, left = at + size, left - size
    return left == 0


@compiled
def _png(data: Bytes, start: Integer) -> tuple[Integer, Integer]:
    for byte in range(len(_PNG)):
        if data[start + byte] != _PNG[byte]:
            return 0, 0
    for byte in range(len(_IDAT)):
        if data[start + 37 + byte] != _IDAT[byte]:
            return 0, 0
    bits, colour = data[start + 24], data[start + 25]
    if (
        colour >= len(_COLOURS)
        or data[start + 27] != 0
        or _checksum(data, start + 12, 17) != _number(data, start + 29, 4)
    ):
        return 0, 0
    for power in range(5):
        if bits == 1 << power and (_COLOURS[colour] >> power) & 1:
            width, height = _number(data, start + 16, 4), _number(data, start + 20, 4)
            return (width, height) if width and height else (0, 0)
    return 0, 0


@compiled
def _number(data: Bytes, at: Integer, size: int) -> Integer:
    """A whole number of `size` bytes, the first the highest."""
    found = np.int64(0)
    for byte in range(size):
        found = (found << 8) | np.int64(data[at + byte])
    return found


@compiled
def _checksum(data: Bytes, at: Integer, size: int) -> Integer:
    """CRC-32 (ISO 3309), as PNG has it."""
    found = np.int64(0xFFFFFFFF)
    for byte in range(size):
        found ^= np.int64(data[at + byte])
        for _ in range(8):
            found = (found >> 1) ^ (0xEDB88320 if found & 1 else 0)
    return found ^ 0xFFFFFFFF
