"""What the loop asks of an objective: encode the two sides of a batch, then measure all of it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from tasks.training.distributed.ranks import all_ranks
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.regularisers.wasserstein import wasserstein_uniformity
from tasks.training.tregs.treg import mst_length, sphere_penalty

if TYPE_CHECKING:
    from tasks.training.config import RegulariserConfig


class Measured(NamedTuple):
    """A batch's loss, with gradient, and the objective's `measures`, a vector without."""

    loss: Tensor
    values: Tensor


class Objective(nn.Module):
    """A model and what is minimised. Encoding and measuring are apart, so that a batch can be encoded in parts."""

    measures: Sequence[str]

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Features of this rank's part of a batch, `[b, d]` for either side."""
        raise NotImplementedError

    def measure(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """The loss of the features, in float32; over ranks, of the whole batch."""
        raise NotImplementedError

    def after_step(self, step: int) -> None:
        """What is to be done when the optimiser has made its step: a teacher may follow."""

    def forward(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """Encode this rank's part of a batch and measure it."""
        return self.measure(*self.encode(first, second), step)


def regularise(
    features: Tensor, config: "RegulariserConfig", step: int, *, watch_tree: bool
) -> tuple[Tensor | None, Tensor]:
    """The regulariser's term for one branch `[b, d]` (None: no weight) and the tree's `E / n` (NaN: not measured).

    Args:
        features: un-normalised embeddings of this rank.
        config: which regulariser, with what weights.
        step: gives SIGReg other directions every time.
        watch_tree: measure the tree where it is not regularised, too.
    """
    if config.gather and (config.active or watch_tree):
        features = all_ranks().gather(features)
    if config.kind == "tregs" and config.active:
        tree = mst_length(features) / len(features)
        return config.lambda_ * sphere_penalty(features) - config.gamma * tree, tree
    tree = mst_length(features.detach()) / len(features) if watch_tree else features.new_full((), torch.nan)
    if not config.active:
        return None, tree
    terms: dict[str, Callable[[Tensor], Tensor]] = {
        "koleo": koleo,
        "uniformity": uniformity,
        "wasserstein": wasserstein_uniformity,
        "vicreg": variance_covariance,
        "sigreg": partial(sigreg, seed=step),
    }
    return config.weight * terms[config.kind](features), tree
