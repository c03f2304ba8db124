"""Checkpoints: one safetensors file with its facts as JSON in the header, written whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from storage.atomic import replacing
from storage.errors import EquipoiseError
from tasks.training.distributed.ranks import all_ranks

NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands.

    Attributes:
        step: steps that are done.
        model: the module's state.
        optimiser: its moments, by `index/name`.
        history: float64 `[step, columns]`.
    """

    step: int
    model: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    history: Tensor


def save_checkpoint(
    directory: Path, step: int, module: nn.Module, optimiser: torch.optim.Optimizer, history: Tensor
) -> None:
    """Replace the directory's checkpoint by the present state. A kill at any instant leaves the old one or the new.

    Args:
        directory: made where it is missing.
        step: steps that are done.
        module: what is trained.
        optimiser: over the module's parameters.
        history: the numbers of the steps so far, float64 `[step, columns]`.
    """
    tensors = {f"model/{name}": tensor.detach().contiguous() for name, tensor in module.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimiser/{index}/{name}"] = value.detach().contiguous()
    tensors["history"] = history.clone()
    with replacing(directory / NAME, alone=True) as partial:
        save_file(tensors, partial, metadata={"facts": json.dumps({"step": step})})


def load_checkpoint(directory: Path) -> Checkpoint | None:
    """The directory's checkpoint, or None where there is none that can be read."""
    path = directory / NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            step = int(json.loads(file.metadata()["facts"])["step"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return None
    return Checkpoint(step, _below(tensors, "model/"), _below(tensors, "optimiser/"), tensors["history"])


def restore(checkpoint: Checkpoint, module: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put a checkpoint's state back into the module and the optimiser they were taken from.

    The moments take their parameters' memory layout: fused optimisers walk over all of them in step.
    """
    module.load_state_dict(checkpoint.model)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in checkpoint.optimiser.items():
        index, key = name.split("/")
        parameter = parameters[int(index)]
        laid_out = torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor
        state.setdefault(int(index), {})[key] = laid_out
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def require_one_start(step: int, device: torch.device) -> None:
    """Raise `EquipoiseError` where ranks on different machines have read different checkpoints of one run."""
    ranks = all_ranks()
    ends = torch.tensor([step, -step], device=device)
    latest, earliest = (int(each) for each in ranks.maximum(ends) * torch.tensor([1, -1], device=device))
    if latest != earliest:
        raise EquipoiseError(
            f"a rank goes on from step {latest}, another from step {earliest}: their machines do not see the same "
            "checkpoint in the store; see what a shared store needs (docs/urls.md), and run again"
        )
