"""Self-supervised training, and its linear evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from storage.draws import words
from tasks.training.loop import Batch, Fitted, fit
from tasks.training.order import batches
from tasks.training.ranks import all_ranks
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.objective import Projected, SelfSupervisedObjective, build_model
from tasks.training.selfsupervised.views import random_view


def train_self_supervised(
    pixels: np.ndarray,
    ids: np.ndarray,
    config: SelfSupervisedConfig,
    *,
    seed: int,
    device: str = "cpu",
    scratch: Path | None = None,
) -> tuple[Projected, Fitted]:
    """Train on pictures alone. pixels: uint8 `[n, 3, s, s]`; ids: uint64 `[n]`, which decide the order."""

    def stream(start: int) -> Iterator[Batch]:
        part = all_ranks().part(config.batch)
        ones = np.ones(len(ids))
        for step, whole in enumerate(batches(ids, ones, batch=config.batch, seed=seed, start=start), start):
            rows = whole[part]
            pictures = torch.from_numpy(pixels[rows]).float() / 255
            first, second = (random_view(pictures, _generator(seed, step, part.start, view)) for view in range(2))
            yield Batch(ids[rows], first, second)

    model = build_model(config, seed=seed)
    objective = SelfSupervisedObjective(model, config)
    fitted = fit(objective, stream, config, device=device, scratch=scratch, description=f"self-supervised {seed}")
    return model.eval(), fitted


def _generator(seed: int, step: int, place: int, view: int) -> torch.Generator:
    word = words(np.array([step], dtype=np.uint64), seed=seed, purpose=f"view/{view}/{place}")[0]
    return torch.Generator().manual_seed(int(word >> np.uint64(1)))


@torch.no_grad()
def features(model: nn.Module, pixels: np.ndarray, batch: int = 512) -> Tensor:
    """A network's outputs for pictures as they are, uint8 `[n, 3, s, s]` → `[n, d]`."""
    device = next(model.parameters()).device
    parts = [torch.from_numpy(pixels[first : first + batch]).float() / 255 for first in range(0, len(pixels), batch)]
    return torch.cat([model(part.to(device)).cpu() for part in parts])


@dataclass(frozen=True)
class LinearProbe:
    """Test accuracy of a linear classifier of frozen features; `residual` is the norm of its gradient at the end."""

    accuracy: float
    residual: float


def linear_probe(
    train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor, *, penalty: float = 1e-4
) -> LinearProbe:
    """Multinomial logistic regression on standardised features by L-BFGS. train, test: `[n, d]`; labels: int `[n]`."""
    mean, deviation = train.double().mean(dim=0), train.double().std(dim=0).clamp(min=1e-8)
    inputs, classes = (train.double() - mean) / deviation, int(train_labels.max()) + 1
    weight = torch.zeros(inputs.shape[1], classes, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, tolerance_grad=1e-7, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        solver.zero_grad()
        value = functional.cross_entropy(inputs @ weight + bias, train_labels) + penalty * weight.square().sum()
        value.backward()
        return value

    solver.step(loss)
    loss()
    residual = torch.cat([weight.grad.flatten(), bias.grad]).norm().item() if weight.grad is not None else 0.0  # type: ignore[list-item]
    with torch.no_grad():
        answers = (((test.double() - mean) / deviation) @ weight + bias).argmax(dim=1)
    return LinearProbe((answers == test_labels).double().mean().item(), residual)
