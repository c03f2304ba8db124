"""Self-supervised clustering as a balanced measure (*The Benefits of Balance*, example 1).

Pictures and prototypes have a joint measure `R⁰ ∝ exp(scores / ε)`. Left alone, its mass may fall on one prototype, and
then the loss is least when every picture does: a collapse. Balanced towards uniform prototypes it cannot. SwAV (Caron
et al. 2020, arXiv 2006.09882) rakes it, and half steps are those of `tasks.balancing.rake`; DINO (Caron et al. 2021,
arXiv 2104.14294) subtracts a running mean of the scores, which bounds no marginal. The other view is asked to say the
same, by the cross-entropy under that measure.
"""

import math

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.training.distributed.ranks import Ranks, all_ranks
from tasks.training.floats import at_least_float32


@torch.no_grad()
def balanced_assignments(
    scores: Tensor, *, epsilon: float = 0.05, half_steps: int = 6, ranks: Ranks | None = None
) -> Tensor:
    """`R^k`: the measure `exp(scores / ε)`, of mass 1, after k half steps towards uniform marginals, `[b, m]`.

    Half steps alternate: prototypes first (each to 1/m), then pictures (each to 1/n). k = 0 is the joint normalisation
    alone, and SwAV's three iterations are k = 6. The sums are taken in logarithms, so no ε is too small.

    Args:
        scores: of this rank's pictures for every prototype `[b, m]`.
        epsilon: ε; the smaller, the harder the assignments.
        half_steps: k.
        ranks: the processes that share the batch of n; None: all there are.

    Raises:
        InputError: ε is not positive, or k negative.
    """
    if epsilon <= 0 or half_steps < 0:
        raise InputError(f"assignments need a positive epsilon and no negative half_steps: {epsilon:g}, {half_steps}")
    ranks = ranks or all_ranks()
    log_mass = at_least_float32(scores) / epsilon
    pictures, prototypes = len(scores) * ranks.size, scores.shape[1]
    log_mass = log_mass - _log_total(torch.logsumexp(log_mass, dim=1), ranks)
    for step in range(half_steps):
        if step % 2 == 0:
            log_mass = log_mass - _log_total(log_mass, ranks) - math.log(prototypes)
        else:
            log_mass = log_mass - torch.logsumexp(log_mass, dim=1, keepdim=True) - math.log(pictures)
    return log_mass.exp()


@torch.no_grad()
def centred_assignments(
    scores: Tensor, centre: Tensor, *, temperature: float = 0.04, ranks: Ranks | None = None
) -> Tensor:
    """DINO's targets as a measure of mass 1, `softmax((scores - centre) / τ) / n` `[b, m]`: pictures alone are uniform.

    Args:
        scores: the teacher's, of this rank's pictures for every prototype `[b, m]`.
        centre: a running mean of earlier scores `[m]`, from `moved_centre`.
        temperature: τ.
        ranks: the processes that share the batch of n; None: all there are.
    """
    count = len(scores) * (ranks or all_ranks()).size
    return torch.softmax((at_least_float32(scores) - centre) / temperature, dim=1) / count


@torch.no_grad()
def moved_centre(centre: Tensor, scores: Tensor, *, momentum: float = 0.9, ranks: Ranks | None = None) -> Tensor:
    """`m c + (1 - m) mean_i scores_i`, `[m]`, the mean over all ranks' pictures.

    Args:
        centre: c `[m]`.
        scores: the teacher's, this rank's `[b, m]`.
        momentum: m.
        ranks: the processes that share the batch; None: all there are.
    """
    ranks = ranks or all_ranks()
    mean = ranks.total(at_least_float32(scores).mean(dim=0)) / ranks.size
    return momentum * centre + (1 - momentum) * mean


def swapped_prediction(
    scores: tuple[Tensor, Tensor],
    targets: tuple[Tensor, Tensor],
    *,
    temperature: float = 0.1,
    ranks: Ranks | None = None,
) -> Tensor:
    """`-½ (Σ_ij T'_ij log p_ij + Σ_ij T_ij log p'_ij)`, `p = softmax(scores / τ)`: each view foretells the other's.

    Over ranks each returns its share, times their number: averaged, as gradients are, it is the loss of the batch.

    Args:
        scores: of either view, this rank's pictures for every prototype `[b, m]`.
        targets: a measure of mass 1 over the whole batch for either view, this rank's part `[b, m]`.
        temperature: τ.
        ranks: the processes that share the batch; None: all there are.
    """
    first, second = (torch.log_softmax(at_least_float32(each) / temperature, dim=1) for each in scores)
    total = (targets[1] * first).sum() + (targets[0] * second).sum()
    return -0.5 * (ranks or all_ranks()).size * total


def prototypes_used(scores: Tensor, *, temperature: float = 0.1) -> Tensor:
    """`exp(entropy)` of the mean of `softmax(scores / τ)` over pictures `[b, m]`: between 1, a collapse, and m."""
    shares = torch.softmax(at_least_float32(scores) / temperature, dim=1).mean(dim=0)
    return torch.special.entr(shares).sum().exp()


def _log_total(values: Tensor, ranks: Ranks) -> Tensor:
    """`log Σ exp` over the rows of all ranks: of `[b]` a scalar, of `[b, m]` `[m]`."""
    top = ranks.maximum(values.amax(dim=0))
    return ranks.total((values - top).exp().sum(dim=0)).log() + top
