"""MoCo's loss: InfoNCE against a queue of earlier keys (He et al. 2020, arXiv 1911.05722, equation 1)."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def queue_contrast(queries: Tensor, keys: Tensor, queue: Tensor, *, temperature: float = 0.2) -> Tensor:
    """`-mean_i log (exp(q_i·k_i / τ) / (exp(q_i·k_i / τ) + Σ_m exp(q_i·u_m / τ)))`: one key is right, the queue wrong.

    Args:
        queries: embeddings of one view `[n, d]`, L2-normalised here.
        keys: the teacher's of the other view `[n, d]`, L2-normalised here; without gradient.
        queue: earlier keys `[m, d]`, L2-normalised already.
        temperature: τ.
    """
    queries, keys = (functional.normalize(at_least_float32(each), dim=1) for each in (queries, keys.detach()))
    right = (queries * keys).sum(dim=1, keepdim=True)
    logits = torch.cat([right, queries @ queue.to(queries).T], dim=1) / temperature
    return functional.cross_entropy(logits, torch.zeros(len(queries), dtype=torch.int64, device=queries.device))


def enqueued(queue: Tensor, keys: Tensor) -> Tensor:
    """The queue `[m, d]` with keys `[n, d]` at its end, L2-normalised, and as many of its oldest gone; a new tensor."""
    newest = functional.normalize(at_least_float32(keys.detach()), dim=1).to(queue)[-len(queue) :]
    return torch.cat([queue[len(newest) :], newest])
