"""Machine operations that numba lacks, on bare addresses: unaligned loads, prefetching, vectors.

Small functions of the inner loops take addresses, not arrays: numba counts references whenever an array is handed
to a function, with an atomic operation that costs more than the whole look-up. Whoever takes an address keeps the
array alive, as an argument of the loop's function does.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.base import BaseContext
from numba.core.typing.context import BaseContext as TypingContext
from numba.core.typing.templates import Signature
from numba.extending import intrinsic

from tasks.arrays import Bools, Bytes, Floats, Integers, Words
from tasks.compiled import Integer, compiled

LOOK_AHEAD = 64
"""Bytes behind the last text that must be readable: `search_bytes` and `load_word` read past a text's end."""

Emit = Callable[[BaseContext, ir.IRBuilder, ir.Value], ir.Value]
"""Writes the instructions of an operation on one value, and says where its result is."""

_BYTE = ir.IntType(8)
_INT32 = ir.IntType(32)
_INT64 = ir.IntType(64)


def _operation(result: types.Type, argument: types.Type, emit: Emit) -> Callable[[Integer], Integer]:
    """An operation on one value that compiled code can call: `emit` writes it where it is called."""

    def operation(typing_context: TypingContext, value: types.Type) -> tuple[Signature, Callable[..., ir.Value]]:
        def generate(
            context: BaseContext, builder: ir.IRBuilder, signature: Signature, values: list[ir.Value]
        ) -> ir.Value:
            return emit(context, builder, values[0])

        return result(argument), generate

    return cast(Callable[[Integer], Integer], intrinsic(operation))


def _load(builder: ir.IRBuilder, address: ir.Value, kind: ir.Type) -> ir.Value:
    """A load from an integer address, at any alignment."""
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


def _prefetch(context: BaseContext, builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
    kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT32, _INT32, _INT32])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    # read (0), keep in all levels (3), data (1)
    builder.call(function, [builder.inttoptr(address, _BYTE.as_pointer()), _INT32(0), _INT32(3), _INT32(1)])
    return context.get_dummy_value()


def search_bytes(wanted: bytes) -> Callable[[Integer], np.uint64]:
    """An operation: which of the 64 bytes from an address on are among `wanted`: bit `i` of a uint64 for byte `i`.

    Compiles to one vector comparison for each wanted byte, whatever vectors the machine has.
    """

    def emit(context: BaseContext, builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
        vector = ir.VectorType(_BYTE, 64)
        text = _load(builder, address, vector)
        mask = ir.Constant(ir.VectorType(ir.IntType(1), 64), [0] * 64)
        for code in sorted(set(wanted)):
            mask = builder.or_(mask, builder.icmp_unsigned("==", text, ir.Constant(vector, [_BYTE(code)] * 64)))
        return builder.bitcast(mask, _INT64)

    return cast(Callable[[Integer], np.uint64], _operation(types.uint64, types.intp, emit))


def sort_lanes(width: int) -> Callable[[Integer], np.uint64]:
    """An operation: sort the `width` uint32 from an address on, in place; `width` is a power of two, at most 64.

    Returns which of the sorted equal the next one: bit `i` of a uint64 for place `i`. A bitonic network, so that there
    is no branch: each of its few steps orders all pairs at once, in whatever vectors the machine has.
    """
    vector = ir.VectorType(_INT32, width)

    def shuffled(builder: ir.IRBuilder, first: ir.Value, second: ir.Value, lanes: list[int]) -> ir.Value:
        return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_INT32, width), lanes))

    def emit(context: BaseContext, builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
        values = _load(builder, address, vector)
        for step in network(width):
            partners = shuffled(builder, values, values, step)
            below = builder.icmp_unsigned("<", values, partners)
            low, high = builder.select(below, values, partners), builder.select(below, partners, values)
            values = shuffled(builder, low, high, [lane + width * (lane > step[lane]) for lane in range(width)])
        builder.store(values, builder.inttoptr(address, vector.as_pointer()), align=1)
        following = shuffled(builder, values, values, [*range(1, width), width - 1])
        repeated = builder.bitcast(builder.icmp_unsigned("==", values, following), ir.IntType(width))
        return repeated if width == 64 else builder.zext(repeated, _INT64)

    return cast(Callable[[Integer], np.uint64], _operation(types.uint64, types.intp, emit))


def network(width: int) -> list[list[int]]:
    """Batcher's bitonic network: for every step, each lane's partner; the lower lane gets the lesser value."""
    steps = []
    run = 2
    while run <= width:
        steps.append([lane ^ (run - 1) for lane in range(width)])
        stride = run // 4
        while stride:
            steps.append([lane ^ stride for lane in range(width)])
            stride //= 2
        run *= 2
    return steps


load_byte = _operation(types.uint8, types.intp, lambda context, builder, address: _load(builder, address, _BYTE))
"""The byte at an address, as uint8."""

load_word = cast(
    Callable[[Integer], np.uint64],
    _operation(types.uint64, types.intp, lambda context, builder, address: _load(builder, address, _INT64)),
)
"""The eight bytes from an address on, as uint64."""

prefetch = _operation(types.void, types.intp, _prefetch)
"""Ask for the cache line at an address; it is never an error."""

lowest_bit = cast(
    Callable[[np.uint64], Integer],
    _operation(types.int64, types.uint64, lambda context, builder, word: builder.cttz(word, ir.IntType(1)(1))),
)
"""The position of the lowest set bit of a uint64 that is not zero."""


@compiled
def address_of(array: Bools | Bytes | Floats | Integers | Words) -> Integer:
    """The address of an array's first byte, as int64 (signed, because numba adds mixed integers as floats)."""
    return np.int64(array.ctypes.data)
