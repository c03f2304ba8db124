"""The self-supervised objective: two views drawn together, and every view's embeddings kept apart."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.loop.objective import Measured, Objective, regularise
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.selfsupervised.collapse import participation_ratio, spread
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import Projected
from tasks.training.selfsupervised.views import LEVELS, random_view


class SelfSupervisedObjective(Objective):
    """Draws two views together, and keeps the embeddings apart by T-REG on each.

    Of the measures, `rank` and `spread` are the first view's participation ratio and spread.
    """

    measures = ("loss", "invariance", "first_norm", "second_norm", "first_tree", "second_tree", "rank", "spread")

    def __init__(self, model: Projected, config: SelfSupervisedConfig) -> None:
        super().__init__(model)
        self.config = config

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 `[b, 3, s, s]`, and the draws of their views, `[b, 2, 12]` → two embeddings `[b, outputs]`.

        The views are made here, where the network is, so that what is sent to a GPU is bytes and a few draws.
        """
        with torch.no_grad(), torch.autocast(device_type=first.device.type, enabled=False):
            pictures = first.float() / 255
            views = [random_view(pictures, draws / LEVELS, self.config.views) for draws in second.unbind(dim=1)]
        return self.model(views[0]), self.model(views[1])

    def measure(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """`β · (the distance, or the contrastive loss) + T-REG(z) + T-REG(z')` of embeddings `[b, d]`."""
        with torch.autocast(device_type=first.device.type, enabled=False):
            views = (first.float(), second.float())
            together = self._together(*views)
            loss, trees = self.config.beta * together, []
            for view in views:
                term, tree = regularise(view, self.config.regulariser, step, watch_tree=self.config.watch_trees)
                trees.append(tree)
                loss = loss if term is None else loss + term
            norms = [torch.linalg.vector_norm(view.detach(), dim=1).mean() for view in views]
            points = views[0].detach()
            values = (loss, together, *norms, *trees, participation_ratio(points), spread(points))
        return Measured(loss, torch.stack([value.detach() for value in values]))

    def _together(self, first: Tensor, second: Tensor) -> Tensor:
        if self.config.method == "invariance":
            distance = functional.mse_loss(first, second)
            return distance if self.config.distance == "mean" else distance * first.shape[1]
        scale = first.new_tensor(1 / self.config.temperature)
        return distributed_contrastive_loss(
            functional.normalize(first, dim=1),
            functional.normalize(second, dim=1),
            scale,
            half_steps=self.config.loss.half_steps,
            gradient=self.config.loss.gradient,
        )
