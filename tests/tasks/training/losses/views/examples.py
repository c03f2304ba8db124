"""Two views of twelve pictures with numbers that are written out: another library's values of them can be quoted."""

import torch


def two_views(n: int = 12, d: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """`[n, d]` each, float64: the second is the first and half as much of something else."""
    t = torch.arange(n * d, dtype=torch.float64)
    first = torch.sin(1.7 * t + 0.3 * t.sqrt()).reshape(n, d)
    return first, first + 0.5 * torch.cos(2.3 * t).reshape(n, d)
