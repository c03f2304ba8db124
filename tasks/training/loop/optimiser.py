"""Adam, AdamW and LARS with open_clip's weight-decay groups."""

from typing import TYPE_CHECKING

import torch
from torch import nn

from tasks.training.loop.lars import Lars

if TYPE_CHECKING:
    from tasks.training.config import OptimiserConfig


def decay_groups(module: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Two parameter groups: gains, biases, norms and the logit scale without decay, every other tensor with it.

    open_clip's rule: no decay for a parameter of fewer than two dimensions, or named bn, ln, bias or logit_scale.
    """
    named = [(name, parameter) for name, parameter in module.named_parameters() if parameter.requires_grad]
    plain = [parameter for name, parameter in named if _is_plain(name, parameter)]
    decayed = [parameter for name, parameter in named if not _is_plain(name, parameter)]
    return [{"params": plain, "weight_decay": 0.0}, {"params": decayed, "weight_decay": weight_decay}]


def _is_plain(name: str, parameter: nn.Parameter) -> bool:
    return parameter.ndim < 2 or any(part in name for part in ("bn", "ln", "bias", "logit_scale"))


def build_optimiser(module: nn.Module, config: "OptimiserConfig") -> torch.optim.Optimizer:
    """The optimiser over a module's trainable parameters, in torch's fused form where the device has one."""
    groups = [group for group in decay_groups(module, config.weight_decay) if group["params"]]
    if config.name == "lars":
        return Lars(groups, lr=config.learning_rate, momentum=config.beta1, trust=config.trust)
    kind = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    betas = (config.beta1, config.beta2)
    device = next(module.parameters()).device.type
    return kind(groups, lr=config.learning_rate, betas=betas, eps=config.epsilon, fused=device in ("cpu", "cuda"))
