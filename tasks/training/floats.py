"""The arithmetic of losses: float32 at least, whatever precision the encoders have."""

import torch
from torch import Tensor


def at_least_float32(values: Tensor) -> Tensor:
    """The same values: float64 stays, every other type, whole numbers too, becomes float32."""
    return values if values.dtype == torch.float64 else values.float()
