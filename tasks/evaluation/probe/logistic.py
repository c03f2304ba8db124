"""Multinomial logistic regression with an L2 penalty, by L-BFGS in float64."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional

from storage.errors import InputError

HISTORY = 20  # L-BFGS's remembered steps


@dataclass(frozen=True)
class LogisticFit:
    """A linear classifier `argmax_c (x W + b)_c`.

    weight: float64 `[d, c]`. bias: float64 `[c]`. residual: the largest component of the gradient where it stopped, and
    `converged` whether that is within the tolerance. loss: the objective's value there.
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
    tolerance: float = 1e-5,
    iterations: int = 1_000,
) -> LogisticFit:
    """Minimise `(1/n) Σ -log softmax(x_i W + b)_{y_i} + (α/2) ‖W‖²`, α the penalty; the bias bears none.

    features: `[n, d]`, best standardised (see `Standardiser`). labels: int `[n]` in 0 … classes - 1. start: another
    penalty's fit to begin from. The objective is convex, so the answer does not depend on the start; scikit-learn's
    `LogisticRegression(C=1 / (α n))` minimises n / (α n) times the same. Raises `InputError` for features that are not
    finite.
    """
    inputs = features.double()
    if not torch.isfinite(inputs).all():
        raise InputError("the features are not finite numbers: the model's training diverged; train it again")
    count, dimension = inputs.shape

    def split(values: np.ndarray) -> tuple[Tensor, Tensor]:
        table = torch.from_numpy(values).view(dimension + 1, classes)
        return table[:dimension], table[dimension]

    def objective(values: np.ndarray) -> tuple[float, np.ndarray]:
        weight, bias = split(values)
        logits = inputs @ weight + bias
        loss = functional.cross_entropy(logits, labels) + penalty / 2 * weight.square().sum()
        slope = torch.softmax(logits, dim=1)
        slope[torch.arange(count), labels] -= 1
        slope /= count
        gradient = torch.cat([inputs.T @ slope + penalty * weight, slope.sum(dim=0, keepdim=True)])
        return loss.item(), gradient.flatten().numpy()

    begin = np.zeros((dimension + 1) * classes)
    if start is not None:
        begin = torch.cat([start.weight, start.bias[None]]).flatten().numpy()
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "maxcor": HISTORY, "gtol": tolerance, "ftol": 0.0}
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", options=options)
    weight, bias = split(found.x)
    loss, gradient = objective(found.x)
    residual = float(np.abs(gradient).max())
    return LogisticFit(weight, bias, penalty, loss, residual, int(found.nit), residual <= tolerance)


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
