"""NT-Xent, SimCLR's loss (Chen et al. 2020, arXiv 2002.05709, equation 1)."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def nt_xent(first: Tensor, second: Tensor, *, temperature: float = 0.5) -> Tensor:
    """`-(1/2n) Σ_i log (exp(s_i,j(i) / τ) / Σ_{k≠i} exp(s_ik / τ))` over the cosines s of all 2n views.

    j(i) is the other view of i's picture; the 2n - 2 views of other pictures are the negatives. It differs from CLIP's
    loss of the two views by the negatives within a view.

    Args:
        first: embeddings of one view `[n, d]`, L2-normalised here.
        second: of the other.
        temperature: τ.
    """
    views = functional.normalize(torch.cat([at_least_float32(first), at_least_float32(second)]), dim=1)
    count = len(first)
    logits = (views @ views.T / temperature).fill_diagonal_(-torch.inf)
    partner = torch.arange(2 * count, device=views.device).roll(count)
    return functional.cross_entropy(logits, partner)
