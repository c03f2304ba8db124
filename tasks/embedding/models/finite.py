"""Weights are numbers: a file of NaN loads without a word, and is blamed on whatever uses it first."""

from pathlib import Path

import torch
from torch import nn

from storage.errors import InputError


def require_finite(model: nn.Module, weights: Path) -> None:
    """Raise `InputError` where a parameter that was loaded from `weights` holds NaN or infinity; it is named."""
    for name, tensor in model.named_parameters():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(
                f"{weights} holds NaN or infinite weights (tensor {name!r}): its training diverged or the file is "
                "damaged; use another checkpoint"
            )
