"""The networks of self-supervised training: a backbone for pictures, and the projector that is thrown away after."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torchvision.transforms import CenterCrop, Resize

from storage.errors import InputError
from tasks.training.data.images import Preparation
from tasks.training.models.initialisation import initialised
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.views import DEVIATION, MEAN

KIND = "self-supervised"


class Projected(nn.Module):
    """A backbone, whose features are evaluated, and a projector, whose embeddings are trained."""

    def __init__(self, backbone: nn.Module, features: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.projector = mlp(features, hidden, outputs, hidden_layers=2)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures `[b, 3, s, s]` → embeddings `[b, outputs]`, not normalised."""
        return cast(Tensor, self.projector(self.backbone(pictures)))


def mlp(inputs: int, hidden: int, outputs: int, *, hidden_layers: int) -> nn.Sequential:
    """Hidden layers with batch normalisation and ReLU, and a last layer without a bias (T-REGS, appendix E.1)."""
    layers: list[nn.Module] = []
    for _ in range(hidden_layers):
        layers += [nn.Linear(inputs, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)]
        inputs = hidden
    return nn.Sequential(*layers, nn.Linear(inputs, outputs, bias=False))


def build_model(config: SelfSupervisedConfig, *, seed: int) -> Projected:
    """A fresh model that depends on the seed alone."""

    def build() -> Projected:
        backbone, features = _small() if config.network == "small" else _resnet(config.network, config.small_stem)
        return Projected(backbone, features, config.hidden, config.outputs)

    return initialised(build, seed=seed)


def preparation(side: int) -> Preparation:
    """How pictures are brought to the network's size and standardised, without any randomness."""
    geometry: Sequence[Callable] = (Resize(side), CenterCrop(side))
    return Preparation(tuple(geometry), side, MEAN, DEVIATION)


def save_model(directory: Path, model: Projected, config: SelfSupervisedConfig, seed: int) -> None:
    """Write `model.safetensors`, backbone and projector, and `model.json`, from which they are built again.

    Args:
        directory: where to.
        model: what was trained.
        config: what it was built from.
        seed: of the weights that it began from.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, directory / "model.safetensors")
    facts = {"kind": KIND, "seed": seed, "config": config.model_dump(mode="json")}
    (directory / "model.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_model(directory: Path, device: str = "cpu", *, untrained: bool = False) -> tuple[Projected, Preparation]:
    """A model that `save_model` wrote, in evaluation mode, with its preparation of pictures.

    untrained: as it was before the first step; what its features are worth is what training must beat.
    Raises `InputError` for files that are none.
    """
    path = directory / "model.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts["kind"] != KIND:
            raise InputError(f"{path} describes a model of kind {facts['kind']!r}, not a self-supervised one")
        config, seed = SelfSupervisedConfig.model_validate(facts["config"]), int(facts["seed"])
        model = build_model(config, seed=seed)
        if not untrained:
            model.load_state_dict(load_file(directory / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, ValidationError, SafetensorError, RuntimeError) as error:
        raise InputError(f"{directory} holds no self-supervised model ({error}); train it again") from None
    return model.to(device).eval(), preparation(config.side)


def _resnet(name: str, small_stem: bool) -> tuple[nn.Module, int]:
    """Torchvision's resnet without its classifier; the small stem is a 3×3 convolution of stride 1 and no pooling."""
    from torchvision import models

    network: models.ResNet = getattr(models, name)(weights=None)
    features = network.fc.in_features
    if small_stem:
        network.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
        network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network, features


def _small() -> tuple[nn.Module, int]:
    """Four convolutions of stride 2: what a processor can train in minutes."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64), (64, 128), (128, 256)):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 256
