"""Functions that torch's compiler cannot look into, as operators that it need not look into."""

from collections.abc import Callable

import torch
from torch import Tensor


def processor_operator(
    signature: str, outline: Callable[..., Tensor]
) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """Let a function on a processor's tensors, without gradient, be one operator for `torch.compile` and `torch.func`.

    `torch.compile` follows Python into numpy and fails in numba's kernels; an operator it takes as it is, and its
    graph stays whole. (`torch.library.custom_op` does the same, but imports the compiler at the first call: 3 s.)

    Args:
        signature: name and types as torch writes them, `edges(Tensor points) -> Tensor`; the name is taken once.
        outline: from the same arguments, an empty tensor of the result's shape and type.
    """
    name = f"equipoise::{signature.partition('(')[0]}"

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        torch.library.define(name, signature.removeprefix(name.partition("::")[2]))
        torch.library.impl(name, "cpu", function)
        torch.library.register_fake(name, outline)
        operator: Callable[..., Tensor] = getattr(torch.ops.equipoise, name.partition("::")[2])
        return operator

    return register
