"""Classification by the nearest training features."""

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 1_024  # test rows compared at a time


def neighbour_votes(train: Tensor, labels: Tensor, test: Tensor, *, neighbours: int, temperature: float) -> Tensor:
    """The label that the nearest training rows elect, int64 `[m]` (Wu et al. 2018, arXiv 1805.01978, section 3.4).

    A neighbour of cosine s has the vote `exp(s / temperature)`. Of labels with equal votes the lowest is elected.

    Args:
        train: features `[n, d]`.
        labels: their labels, int64 `[n]`.
        test: features `[m, d]`.
        neighbours: how many vote; all of them where there are fewer.
        temperature: of the votes.
    """
    classes, members = torch.unique(labels, return_inverse=True)
    known = functional.normalize(train.float(), dim=1)
    elected = []
    for block in functional.normalize(test.float(), dim=1).split(BLOCK):
        cosines, nearest = (block @ known.T).topk(min(neighbours, len(known)), dim=1)
        votes = torch.zeros(len(block), len(classes), dtype=torch.float64)
        votes.scatter_add_(1, members[nearest], ((cosines.double() - 1) / temperature).exp())
        elected.append(classes[votes.argmax(dim=1)])
    return torch.cat(elected)
