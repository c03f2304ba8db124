"""BYOL's loss (Grill et al. 2020, arXiv 2006.07733, equation 2), SimSiam's up to a constant."""

from torch import Tensor
from torch.nn import functional

from tasks.training.floats import at_least_float32


def prediction_distance(predicted: Tensor, target: Tensor) -> Tensor:
    """`mean_i ‖p_i / ‖p_i‖ - t_i / ‖t_i‖‖² = 2 - 2 mean cos(p_i, t_i)`; no gradient goes to the target.

    predicted: what the predictor makes of one view `[n, d]`. target: the teacher's embeddings of the other `[n, d]`.
    """
    predicted, target = at_least_float32(predicted), at_least_float32(target).detach()
    return 2 - 2 * functional.cosine_similarity(predicted, target, dim=1).mean()
