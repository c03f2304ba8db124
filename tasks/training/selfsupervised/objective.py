"""The network, its projector, and the self-supervised objective."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.training.initialisation import initialised
from tasks.training.modules import distributed_contrastive_loss
from tasks.training.objective import Measured, Objective, regularise
from tasks.training.selfsupervised.config import SelfSupervisedConfig


class Projected(nn.Module):
    """A backbone, whose features are evaluated, and a projector, whose embeddings are trained."""

    def __init__(self, backbone: nn.Module, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.projector = nn.Sequential(
            nn.Linear(features, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, outputs),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures `[b, 3, s, s]` → embeddings `[b, outputs]`, not normalised."""
        return cast(Tensor, self.projector(self.backbone(pictures)))


class SelfSupervisedObjective(Objective):
    """Draws two views together, and keeps the embeddings apart by T-REG on each."""

    measures = ("loss", "invariance", "first_norm", "second_norm", "first_tree", "second_tree")

    def __init__(self, model: Projected, config: SelfSupervisedConfig) -> None:
        super().__init__(model)
        self.config = config

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings of both views, `[b, outputs]` each."""
        return self.model(first), self.model(second)

    def measure(self, first: Tensor, second: Tensor, step: int = 0) -> Measured:
        """`β · (mean (z - z')², or the contrastive loss) + T-REG(z) + T-REG(z')` of embeddings `[b, d]`."""
        with torch.autocast(device_type=first.device.type, enabled=False):
            views = (first.float(), second.float())
            together = self._together(*views)
            loss, trees = self.config.beta * together, []
            for view in views:
                term, tree = regularise(view, self.config.regulariser, step, watch_tree=self.config.watch_trees)
                trees.append(tree)
                loss = loss if term is None else loss + term
            norms = [torch.linalg.vector_norm(view.detach(), dim=1).mean() for view in views]
        return Measured(loss, torch.stack([value.detach() for value in (loss, together, *norms, *trees)]))

    def _together(self, first: Tensor, second: Tensor) -> Tensor:
        if self.config.method == "invariance":
            return functional.mse_loss(first, second)
        scale = first.new_tensor(1 / self.config.temperature)
        return distributed_contrastive_loss(
            functional.normalize(first, dim=1),
            functional.normalize(second, dim=1),
            scale,
            half_steps=self.config.loss.half_steps,
            gradient=self.config.loss.gradient,
        )


def build_model(config: SelfSupervisedConfig, *, seed: int) -> Projected:
    """A fresh model that depends on the seed alone."""

    def build() -> Projected:
        backbone, features = _resnet18() if config.network == "resnet18" else _small()
        return Projected(backbone, features, config.hidden, config.outputs)

    return initialised(build, seed=seed)


def _resnet18() -> tuple[nn.Module, int]:
    """torchvision's ResNet-18 with the stem for 32-pixel pictures: a 3×3 convolution of stride 1 and no pooling."""
    from torchvision.models import resnet18

    network = resnet18(weights=None)
    network.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network, 512


def _small() -> tuple[nn.Module, int]:
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128), (128, 256)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 256
