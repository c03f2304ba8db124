"""The self-supervised objective: two views drawn together, and every view's embeddings kept apart."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.loop.objective import Measured, Objective, regularise
from tasks.training.selfsupervised.collapse import participation_ratio, spread
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.methods import build_method
from tasks.training.selfsupervised.networks import Projected
from tasks.training.selfsupervised.views import LEVELS, random_view


class SelfSupervisedObjective(Objective):
    """Draws two views together by a method, and keeps the embeddings apart by a regulariser of each.

    Of the measures, `invariance` is the method's loss, `rank` and `spread` are the first view's participation ratio
    and spread, and `prototypes` how many of them the first view uses, NaN without clustering.
    """

    measures = ("loss", "invariance", "first_norm", "second_norm", "first_tree", "second_tree", "rank", "spread",
                "prototypes")  # fmt: skip

    def __init__(self, model: Projected, config: SelfSupervisedConfig, *, seed: int = 0) -> None:
        super().__init__(model)
        self.config = config
        self.method = build_method(model, config, seed=seed)

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures, uint8 `[b, 3, s, s]`, and the draws of their views, `[b, 2, 14]` → what the method needs of each.

        The views are made here, where the network is, so that what is sent to a GPU is bytes and a few draws.
        """
        rules = (self.config.views, self.config.second_views or self.config.views)
        with torch.no_grad(), torch.autocast(device_type=first.device.type, enabled=False):
            pictures = first.float() / 255
            drawn = (draws / LEVELS for draws in second.unbind(dim=1))
            views = [random_view(pictures, draws, rule) for draws, rule in zip(drawn, rules, strict=True)]
        model = self.model
        assert isinstance(model, Projected)
        return self.method.encode(model, views[0]), self.method.encode(model, views[1])

    def measure(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """`β · (the method's loss) + T-REG(z) + T-REG(z')`, of what `encode` gave."""
        with torch.autocast(device_type=first.device.type, enabled=False):
            given = (first.float(), second.float())
            if self.config.sphere == "hard":
                given = (functional.normalize(given[0], dim=1), functional.normalize(given[1], dim=1))
            together, prototypes = self.method.measure(*given, step)
            embeddings = [view[:, : self.config.outputs] for view in given]
            loss, trees = self.config.beta * together, []
            for view in embeddings:
                term, tree = regularise(view, self.config.regulariser, step, watch_tree=self.config.watch_trees)
                trees.append(tree)
                loss = loss if term is None else loss + term
            norms = [torch.linalg.vector_norm(view.detach(), dim=1).mean() for view in embeddings]
            points = embeddings[0].detach()
            values = (loss, together, *norms, *trees, participation_ratio(points), spread(points), prototypes)
        return Measured(loss, torch.stack([value.detach() for value in values]))

    def after_step(self, step: int) -> None:
        """A teacher follows the model."""
        model = self.model
        assert isinstance(model, Projected)
        self.method.after_step(model, step)
