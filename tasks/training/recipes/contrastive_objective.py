"""The objective of CLIP: the balanced contrastive loss of two encoders, and a regulariser of either branch."""

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from tasks.training.loop.objective import Measured, Objective, regularise
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.models.protocol import Encoders

if TYPE_CHECKING:
    from tasks.training.config import LossConfig, RegulariserConfig

_SMALLEST = 1e-12  # norm that is divided by, as in torch's own normalisation


class ContrastiveObjective(Objective):
    """A model of two encoders with its loss.

    `model` has `encode_image(x, normalize=False)`, `encode_text(x, normalize=False)` and `logit_scale`, the logarithm
    of the scale, a parameter or a buffer, and maybe `logit_bias`; open_clip's models and our `Heads` do.
    """

    measures = ("loss", "contrastive", "logit_scale", "image_norm", "text_norm", "image_tree", "text_tree")

    def __init__(
        self, model: nn.Module, loss: "LossConfig", regulariser: "RegulariserConfig", *, watch_trees: bool = False
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
            norms = [torch.linalg.vector_norm(features, dim=1, keepdim=True) for features in branches]
            image, text = (features / norm.clamp(min=_SMALLEST) for features, norm in zip(branches, norms, strict=True))
            scale = cast(Encoders, self.model).logit_scale.float().exp()
            contrastive = distributed_contrastive_loss(
                image,
                text,
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
            values = [loss, contrastive, scale.reshape(()), *(norm.mean() for norm in norms), *trees]
        return Measured(loss, torch.stack([value.detach() for value in values]))
