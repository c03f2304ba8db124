"""XXH3-64 of a column of short texts: what `xxhash.xxh3_64_intdigest` says of each, without a Python object a row.

The algorithm is XXH3 with seed 0 and the default secret, for up to 240 bytes (`xxhash.h`), by length: 0, 1–3,
4–8, 9–16, 17–128 and 129–240. Longer texts go to the `xxhash` package.
"""

import numpy as np
import pyarrow as pa
import xxhash

from tasks.arrays import Ids, Int64s
from tasks.compiled import Integer, compiled
from tasks.ingest.columns.buffers import Bytes, buffers

LONGEST = 240
"""Most bytes that the compiled hash takes."""

_SECRET = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e"
        "e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a"
        "51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8f"
        "f8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
    np.uint8,
)
_P64_1, _P64_2 = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
_P64_3, _MIX_1, _MIX_2 = np.uint64(0x165667B19E3779F9), np.uint64(0x165667919E3779F9), np.uint64(0x9FB21C651E98DF25)
_LOW = np.uint64(0xFFFFFFFF)


def hashes(texts: pa.LargeBinaryArray, prefix: bytes = b"") -> Ids:
    """XXH3-64 of `prefix` and each text together, uint64 `[n]`; of a null, that of whatever stands in its place."""
    data, offsets = buffers(texts)
    out = np.empty(len(texts), np.uint64)
    _hash_rows(data, offsets, np.frombuffer(prefix, np.uint8), _SECRET, out)
    for row in np.flatnonzero(np.diff(offsets) > LONGEST - len(prefix)):
        out[row] = xxhash.xxh3_64_intdigest(prefix + data[offsets[row] : offsets[row + 1]].tobytes())
    return out


def row_ids(source: str, keys: pa.LargeBinaryArray) -> Ids:
    """As `storage.tables.ids.row_ids`, of a column of keys."""
    return hashes(keys, source.encode("utf-8", "surrogatepass") + b"\0")


@compiled
def _hash_rows(data: Bytes, offsets: Int64s, prefix: Bytes, secret: Bytes, out: Ids) -> None:
    """`out [n]` becomes the hash of every text of at most `LONGEST` bytes with the prefix; others stay."""
    text = np.empty(LONGEST, np.uint8)
    before = np.uint64(len(prefix))
    for byte in range(min(len(prefix), LONGEST)):
        text[byte] = prefix[byte]
    for row in range(len(out)):
        start = np.uint64(offsets[row])
        own = np.uint64(offsets[row + 1]) - start
        if before + own <= np.uint64(LONGEST):
            for byte in range(own):
                text[before + byte] = data[start + byte]
            out[row] = _hash(text, np.int64(before + own), secret)


@compiled
def _hash(text: Bytes, length: Integer, secret: Bytes) -> np.uint64:
    """XXH3-64 of `text[:length]`."""
    size = np.uint64(length)
    if length == 0:
        return _avalanche_64(_word(secret, 56) ^ _word(secret, 64))
    if length <= 3:
        low, mid, last = np.uint64(text[0]), np.uint64(text[length >> 1]), np.uint64(text[length - 1])
        joined = (low << np.uint64(16)) | (mid << np.uint64(24)) | last | (size << np.uint64(8))
        return _avalanche_64(joined ^ (_half(secret, 0) ^ _half(secret, 4)))
    if length <= 8:
        joined = _half(text, length - 4) + (_half(text, 0) << np.uint64(32))
        mixed = joined ^ (_word(secret, 8) ^ _word(secret, 16))
        mixed ^= _rotated(mixed, 49) ^ _rotated(mixed, 24)
        mixed *= _MIX_2
        mixed ^= (mixed >> np.uint64(35)) + size
        mixed *= _MIX_2
        return mixed ^ (mixed >> np.uint64(28))
    if length <= 16:
        low = _word(text, 0) ^ (_word(secret, 24) ^ _word(secret, 32))
        high = _word(text, length - 8) ^ (_word(secret, 40) ^ _word(secret, 48))
        return _avalanche(size + _swapped(low) + high + _folded(low, high))
    total = size * _P64_1
    if length <= 128:
        for step in range((length - 1) // 32, -1, -1):
            total += _mixed(text, 16 * step, secret, 32 * step)
            total += _mixed(text, length - 16 * (step + 1), secret, 32 * step + 16)
        return _avalanche(total)
    for step in range(8):
        total += _mixed(text, 16 * step, secret, 16 * step)
    total = _avalanche(total)
    for step in range(8, length // 16):
        total += _mixed(text, 16 * step, secret, 16 * (step - 8) + 3)
    return _avalanche(total + _mixed(text, length - 16, secret, 119))


@compiled
def _half(text: Bytes, at: Integer) -> np.uint64:
    """Four bytes from `at` on, the first the lowest; written out, so that it becomes one load."""
    place = np.uint64(at)  # unsigned: numba asks of others if they count from the end
    first, second = np.uint64(text[place]), np.uint64(text[place + np.uint64(1)])
    third, fourth = np.uint64(text[place + np.uint64(2)]), np.uint64(text[place + np.uint64(3)])
    return first | second << np.uint64(8) | third << np.uint64(16) | fourth << np.uint64(24)


@compiled
def _word(text: Bytes, at: Integer) -> np.uint64:
    """Eight bytes from `at` on, the first the lowest."""
    return _half(text, at) | (_half(text, at + 4) << np.uint64(32))


@compiled
def _mixed(text: Bytes, at: Integer, secret: Bytes, key: Integer) -> np.uint64:
    return _folded(_word(text, at) ^ _word(secret, key), _word(text, at + 8) ^ _word(secret, key + 8))


@compiled
def _folded(left: np.uint64, right: np.uint64) -> np.uint64:
    """The low word of the product of 128 bits, XOR its high word."""
    left_low, left_high = left & _LOW, left >> np.uint64(32)
    right_low, right_high = right & _LOW, right >> np.uint64(32)
    low, high = left_low * right_low, left_high * right_high
    cross = left_high * right_low + (low >> np.uint64(32))
    other = left_low * right_high + (cross & _LOW)
    return (left * right) ^ (high + (cross >> np.uint64(32)) + (other >> np.uint64(32)))


@compiled
def _swapped(word: np.uint64) -> np.uint64:
    """The bytes in the other order."""
    found = np.uint64(0)
    for byte in range(8):
        found |= ((word >> np.uint64(8 * byte)) & np.uint64(255)) << np.uint64(56 - 8 * byte)
    return found


@compiled
def _rotated(word: np.uint64, bits: int) -> np.uint64:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@compiled
def _avalanche(word: np.uint64) -> np.uint64:
    word ^= word >> np.uint64(37)
    word *= _MIX_1
    return word ^ (word >> np.uint64(32))


@compiled
def _avalanche_64(word: np.uint64) -> np.uint64:
    """The finaliser of XXH64."""
    word ^= word >> np.uint64(33)
    word *= _P64_2
    word ^= word >> np.uint64(29)
    word *= _P64_3
    return word ^ (word >> np.uint64(32))
