"""DataComp's uids: 32 hexadecimal digits, in files of their own two numbers of eight bytes."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

UID = np.dtype("u8,u8")
DIGITS = 32
_VALUE = np.full(256, 255, np.uint8)
_VALUE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)

Uids = npt.NDArray[np.uint64]
"""`[n, 2]`: the first 16 digits and the last 16."""


def uid_part(keys: pa.Array) -> pa.Array:
    """Keys without what ingest puts behind a uid: `#1` for its second copy, `#0` for the first of several captions."""
    return pc.replace_substring_regex(keys, f"^([0-9a-f]{{{DIGITS}}})#.*$", r"\1")


def parse_uids(texts: pa.Array) -> tuple[Uids, npt.NDArray[np.bool_]]:
    """Uids `[n, 2]` of texts, and which of those are none, bool; null is none, and so are upper-case digits."""
    wrong = pc.not_equal(pc.fill_null(pc.binary_length(texts), 0), DIGITS)
    odd: npt.NDArray[np.bool_] = wrong.to_numpy(zero_copy_only=False).copy()
    plain = pc.if_else(wrong, pa.scalar("0" * DIGITS, texts.type), texts) if odd.any() else texts
    held = plain.cast(pa.large_binary()).cast(pa.binary(DIGITS)) if len(plain) else pa.array([], pa.binary(DIGITS))
    digits = _VALUE[np.frombuffer(held.buffers()[1] or b"", np.uint8)].reshape(-1, DIGITS)[: len(texts)]
    odd |= (digits == 255).any(axis=1)
    shifts = np.arange(60, -1, -4, dtype=np.uint64)
    found: Uids = np.bitwise_or.reduce(digits.reshape(-1, 2, 16).astype(np.uint64) << shifts, axis=2)
    return found, odd


def spelled_uid(uid: Uids) -> str:
    """One uid `[2]` as a text."""
    return f"{int(uid[0]):016x}{int(uid[1]):016x}"
