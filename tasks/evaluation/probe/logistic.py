"""Multinomial logistic regression with an L2 penalty, by L-BFGS in float64."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from storage.errors import InputError

HISTORY = 20  # L-BFGS's remembered steps


@dataclass(frozen=True)
class LogisticFit:
    """A linear classifier `argmax_c (x W + b)_c`.

    Attributes:
        weight: W, float64 `[d, c]`.
        bias: b, float64 `[c]`.
        penalty: α of the objective.
        loss: the objective's value where it stopped.
        residual: the largest component of the gradient there.
        iterations: of L-BFGS.
        converged: whether the residual is within the tolerance.
    """

    weight: Tensor
    bias: Tensor
    penalty: float
    loss: float
    residual: float
    iterations: int
    converged: bool

    def scores(self, features: Tensor) -> Tensor:
        """Logits `[n, c]` of features `[n, d]`."""
        return features.double() @ self.weight + self.bias


def fit_logistic(
    features: Tensor,
    labels: Tensor,
    classes: int,
    *,
    penalty: float,
    start: LogisticFit | None = None,
    tolerance: float = 1e-4,
    iterations: int = 1_000,
) -> LogisticFit:
    """Minimise `(1/n) Σ -log softmax(x_i W + b)_{y_i} + (α/2) ‖W‖²`, α the penalty; the bias bears none.

    The objective is convex, so the answer does not depend on the start. scikit-learn's
    `LogisticRegression(C=1 / (α n))` minimises 1 / α times the same.

    Args:
        features: `[n, d]`, best standardised (see `Standardiser`).
        labels: whole numbers `[n]` in 0 … classes - 1.
        classes: how many there are.
        penalty: α.
        start: another penalty's fit to begin from.
        tolerance: largest component of the gradient at which it has converged.
        iterations: at most so many.

    Raises:
        InputError: features are not finite.
    """
    inputs, labels = features.double(), labels.long()
    if not torch.isfinite(inputs).all():
        raise InputError("the features are not finite numbers: the model's training diverged; train it again")
    weight = torch.zeros(inputs.shape[1], classes, dtype=torch.float64) if start is None else start.weight.clone()
    bias = torch.zeros(classes, dtype=torch.float64) if start is None else start.bias.clone()
    solver = torch.optim.LBFGS(
        [weight.requires_grad_(), bias.requires_grad_()],
        max_iter=iterations,
        max_eval=2 * iterations,
        history_size=HISTORY,
        tolerance_grad=tolerance,
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(inputs @ weight + bias, labels) + penalty / 2 * weight.square().sum()
        loss.backward()
        return loss

    solver.step(objective)
    loss = objective().item()  # once more, where it stopped
    assert weight.grad is not None and bias.grad is not None
    residual = max(weight.grad.abs().max().item(), bias.grad.abs().max().item())
    steps = int(solver.state[weight]["n_iter"])
    return LogisticFit(weight.detach(), bias.detach(), penalty, loss, residual, steps, residual <= tolerance)


@dataclass(frozen=True)
class Standardiser:
    """`(x - mean) / deviation` of each feature; a feature that never varied is left at 0. mean, deviation: `[d]`."""

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor) -> "Standardiser":
        """From the training features `[n, d]`."""
        wide = features.double()
        deviation = wide.std(dim=0, correction=0)
        constant = deviation <= 1e-10 * wide.abs().amax(dim=0)
        return cls(wide.mean(dim=0), torch.where(constant, torch.inf, deviation))

    def __call__(self, features: Tensor) -> Tensor:
        """Standardised features, float64 `[n, d]`."""
        return (features.double() - self.mean) / self.deviation
