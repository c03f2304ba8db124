"""The balanced contrastive loss as it is defined, for small batches and for derivatives of any order."""

import torch
from torch import Tensor
from torch.nn import functional


def unrolled_loss(logits: Tensor, steps: int) -> Tensor:
    """The definition, written out: a chain of log-softmaxes from either side, differentiated by autograd.

    logits: `[n, n]`. It holds about `2 k + 2` matrices of their size: the reference for the fast form.
    """
    if steps == 0:
        return torch.logsumexp(logits.flatten(), dim=0) - logits.diagonal().mean()
    rows_first = columns_first = logits
    for step in range(steps):
        rows_first = functional.log_softmax(rows_first, dim=1 - step % 2)
        columns_first = functional.log_softmax(columns_first, dim=step % 2)
    return -0.5 * (rows_first.diagonal().mean() + columns_first.diagonal().mean())
