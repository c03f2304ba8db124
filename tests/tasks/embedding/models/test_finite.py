"""Weights that are no numbers are named before anything uses them."""

from pathlib import Path

import pytest
import torch
from torch import nn

from storage.errors import InputError
from tasks.embedding.models.finite import require_finite


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_single_odd_weight_is_found_and_named(value: float) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    require_finite(model, Path("w"))
    with torch.no_grad():
        model[1].bias[1] = value
    with pytest.raises(InputError, match=r"1\.bias"):
        require_finite(model, Path("w"))
