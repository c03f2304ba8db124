"""What a training step minimises: the balanced contrastive loss, and T-REG on either branch."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.training.config import LossConfig, RegulariserConfig
from tasks.training.encoders import Encoders
from tasks.training.losses import balanced_contrastive_loss
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

    def __init__(self, model: nn.Module, loss: LossConfig, regulariser: RegulariserConfig) -> None:
        super().__init__()
        self.model = model
        self.loss = loss
        self.regulariser = regulariser

    def encode(self, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        """Un-normalised features of both branches, `[b, d]` each."""
        model = cast(Encoders, self.model)
        return model.encode_image(images, normalize=False), model.encode_text(texts, normalize=False)

    def forward(self, images: Tensor, texts: Tensor) -> Measured:
        """Encode a batch and measure it."""
        return self.measure(*self.encode(images, texts))

    def measure(self, image_features: Tensor, text_features: Tensor) -> Measured:
        """The loss of a batch's un-normalised features, `[n, d]` each, in float32: contrastive + T-REG."""
        with torch.autocast(device_type=image_features.device.type, enabled=False):
            image_features, text_features = image_features.float(), text_features.float()
            scale = cast(Encoders, self.model).logit_scale.float().exp()
            logits = (
                scale * functional.normalize(image_features, dim=-1) @ functional.normalize(text_features, dim=-1).T
            )
            bias = getattr(self.model, "logit_bias", None)
            if bias is not None:
                logits = logits + bias
            contrastive = balanced_contrastive_loss(logits, self.loss.half_steps, self.loss.gradient)
            loss = contrastive
            trees = []
            for features in (image_features, text_features):
                term, tree = self._regularise(features)
                trees.append(tree)
                if term is not None:
                    loss = loss + term
            norms = [
                torch.linalg.vector_norm(features.detach(), dim=1).mean()
                for features in (image_features, text_features)
            ]
            values = [loss, contrastive, scale.reshape(()), *norms, *trees]
        return Measured(loss, torch.stack([value.detach() for value in values]))

    def _regularise(self, features: Tensor) -> tuple[Tensor | None, Tensor]:
        """T-REG's term for one branch (None where both weights are 0) and the tree's mean contribution `E/n`."""
        gamma, lambda_ = self.regulariser.gamma, self.regulariser.lambda_
        if gamma == 0 and lambda_ == 0:
            return None, features.new_full((), torch.nan)
        tree = mst_length(features) / len(features)
        return lambda_ * sphere_penalty(features) - gamma * tree, tree
