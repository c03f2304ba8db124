"""Machine operations that numba lacks, on bare addresses: unaligned loads, prefetching, a search of 64 bytes at once.

Small functions of the inner loops take addresses, not arrays: numba counts references whenever an array is handed
to a function, with an atomic operation that costs more than the whole look-up. Whoever takes an address keeps the
array alive, as an argument of the loop's function does.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tasks.compiled import Integer, compiled
from tasks.matching.spacing.text import BLANKS, PUNCTUATION

LOOK_AHEAD = 64
"""Bytes behind the last text that must be readable: `special_bytes` and `load_word` read past a text's end."""

_operation: Any = intrinsic
_BYTE = ir.IntType(8)
_INT32 = ir.IntType(32)
_SPECIAL = sorted(ord(character) for character in f" {BLANKS}{PUNCTUATION}")


def _load(builder: Any, address: Any, kind: ir.Type) -> Any:
    """A load from an integer address, at any alignment."""
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


@_operation
def load_byte(typing_context: Any, address: Any) -> Any:
    """The byte at an address, as uint8."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(builder, arguments[0], _BYTE)

    return types.uint8(types.intp), generate


@_operation
def load_word(typing_context: Any, address: Any) -> Any:
    """The eight bytes from an address on, as uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _load(builder, arguments[0], ir.IntType(64))

    return types.uint64(types.intp), generate


@_operation
def special_bytes(typing_context: Any, address: Any) -> Any:
    """Which of the 64 bytes from an address on are blanks or wrapped punctuation: bit `i` of a uint64 for byte `i`.

    Compiles to one vector comparison for each special character, whatever vectors the machine has.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_BYTE, 64)
        text = _load(builder, arguments[0], vector)
        hits = [builder.icmp_unsigned("==", text, ir.Constant(vector, [_BYTE(code)] * 64)) for code in _SPECIAL]
        mask = hits[0]
        for hit in hits[1:]:
            mask = builder.or_(mask, hit)
        return builder.bitcast(mask, ir.IntType(64))

    return types.uint64(types.intp), generate


@_operation
def prefetch(typing_context: Any, address: Any) -> Any:
    """Ask for the cache line at an address; it is never an error."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT32, _INT32, _INT32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # read (0), keep in all levels (3), data (1)
        builder.call(function, [pointer, _INT32(0), _INT32(3), _INT32(1)])
        return context.get_dummy_value()

    return types.void(types.intp), generate


@_operation
def lowest_bit(typing_context: Any, word: Any) -> Any:
    """The position of the lowest set bit of a uint64 that is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), generate


@compiled
def address_of(array: np.ndarray) -> Integer:
    """The address of an array's first byte, as int64 (signed, because numba adds mixed integers as floats)."""
    return np.int64(array.ctypes.data)
