"""The objective of CLIP: the balanced contrastive loss of two encoders, and a regulariser of either branch."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.training.config import LossConfig, RegulariserConfig
from tasks.training.encoders import Encoders
from tasks.training.modules import distributed_contrastive_loss
from tasks.training.objective import Measured, Objective, regularise


class ContrastiveObjective(Objective):
    """A model of two encoders with its loss.

    `model` has `encode_image(x, normalize=False)`, `encode_text(x, normalize=False)` and `logit_scale`, the logarithm
    of the scale, a parameter or a buffer, and maybe `logit_bias`; open_clip's models and our `Heads` do.
    """

    measures = ("loss", "contrastive", "logit_scale", "image_norm", "text_norm", "image_tree", "text_tree")

    def __init__(
        self, model: nn.Module, loss: LossConfig, regulariser: RegulariserConfig, *, watch_trees: bool = False
    ) -> None:
        super().__init__(model)
        self.loss = loss
        self.regulariser = regulariser
        self.watch_trees = watch_trees

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Un-normalised features of images and texts, `[b, d]` each."""
        model = cast(Encoders, self.model)
        return model.encode_image(first, normalize=False), model.encode_text(second, normalize=False)

    def measure(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """The loss of a batch's un-normalised features, `[b, d]` each, in float32; over ranks, of the whole batch."""
        with torch.autocast(device_type=first.device.type, enabled=False):
            branches = (first.float(), second.float())
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
                term, tree = regularise(features, self.regulariser, step, watch_tree=self.watch_trees)
                trees.append(tree)
                loss = loss if term is None else loss + term
            norms = [torch.linalg.vector_norm(features.detach(), dim=1).mean() for features in branches]
            values = [loss, contrastive, scale.reshape(()), *norms, *trees]
        return Measured(loss, torch.stack([value.detach() for value in values]))
