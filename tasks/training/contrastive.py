"""What a training step minimises: the balanced contrastive loss, and a regulariser of either branch."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.training.config import LossConfig, RegulariserConfig
from tasks.training.encoders import Encoders
from tasks.training.modules import distributed_contrastive_loss
from tasks.training.ranks import all_ranks
from tasks.training.regularisers.koleo import koleo
from tasks.training.regularisers.sigreg import sigreg
from tasks.training.regularisers.uniformity import uniformity
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs import mst_length, sphere_penalty

MEASURES = ("loss", "contrastive", "logit_scale", "image_norm", "text_norm", "image_tree", "text_tree")
"""What `Objective.measure` returns, in order. Trees are lengths over n, NaN where they are not asked for."""


class Measured(NamedTuple):
    """A batch's loss, with gradient, and the numbers worth keeping, without: `values` is `[len(MEASURES)]`."""

    loss: Tensor
    values: Tensor


class Objective(nn.Module):
    """A model of two encoders with its loss.

    `model` has `encode_image(x, normalize=False)`, `encode_text(x, normalize=False)` and `logit_scale`, the logarithm
    of the scale, a parameter or a buffer, and maybe `logit_bias`; open_clip's models and our `Heads` do.
    """

    def __init__(
        self, model: nn.Module, loss: LossConfig, regulariser: RegulariserConfig, *, watch_trees: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.loss = loss
        self.regulariser = regulariser
        self.watch_trees = watch_trees

    def encode(self, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        """Un-normalised features of both branches, `[b, d]` each."""
        model = cast(Encoders, self.model)
        return model.encode_image(images, normalize=False), model.encode_text(texts, normalize=False)

    def forward(self, images: Tensor, texts: Tensor, step: int = 0) -> Measured:
        """Encode this rank's part of a batch and measure it."""
        return self.measure(*self.encode(images, texts), step)

    def measure(self, image_features: Tensor, text_features: Tensor, step: int = 0) -> Measured:
        """The loss of a batch's un-normalised features, `[b, d]` each, in float32; over ranks, of the whole batch."""
        with torch.autocast(device_type=image_features.device.type, enabled=False):
            branches = (image_features.float(), text_features.float())
            scale = cast(Encoders, self.model).logit_scale.float().exp()
            contrastive = distributed_contrastive_loss(
                functional.normalize(branches[0], dim=-1),
                functional.normalize(branches[1], dim=-1),
                scale,
                getattr(self.model, "logit_bias", None),
                half_steps=self.loss.half_steps,
                gradient=self.loss.gradient,
            )
            loss, trees = contrastive, []
            for features in branches:
                term, tree = self._regularise(features, step)
                trees.append(tree)
                loss = loss if term is None else loss + term
            norms = [torch.linalg.vector_norm(features.detach(), dim=1).mean() for features in branches]
            values = [loss, contrastive, scale.reshape(()), *norms, *trees]
        return Measured(loss, torch.stack([value.detach() for value in values]))

    def _regularise(self, features: Tensor, step: int) -> tuple[Tensor | None, Tensor]:
        """The regulariser's term for one branch (None: it has no weight) and the tree's `E / n` (NaN: not measured)."""
        config = self.regulariser
        if config.gather and (config.active or self.watch_trees):
            features = all_ranks().gather(features)
        if config.kind == "tregs" and config.active:
            tree = mst_length(features) / len(features)
            return config.lambda_ * sphere_penalty(features) - config.gamma * tree, tree
        tree = mst_length(features.detach()) / len(features) if self.watch_trees else features.new_full((), torch.nan)
        if not config.active:
            return None, tree
        terms: dict[str, Callable[[Tensor], Tensor]] = {
            "koleo": koleo,
            "uniformity": uniformity,
            "vicreg": variance_covariance,
            "sigreg": partial(sigreg, seed=step),
        }
        return config.weight * terms[config.kind](features), tree
