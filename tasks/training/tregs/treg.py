"""T-REG: minimum-spanning-tree regularisation of a batch of embeddings (*T-REGS*, arXiv 2510.23484, section 4)."""

import math

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.arguments import not_negative
from tasks.training.floats import at_least_float32
from tasks.training.tregs.batch_prim import minimum_spanning_edges
from tasks.training.tregs.tree_length import tree_length


def mst_length(points: Tensor) -> Tensor:
    """The length of the Euclidean minimum spanning tree, `E(Z) = Σ_{(i,j) in MST(Z)} ‖z_i - z_j‖`, differentiable.

    points: `[n, d]`. The tree is found without gradient; its lengths carry one, which is exact wherever the tree is
    unique. An edge of length zero gives a zero gradient, so duplicates never give NaN. Returns a scalar, 0 for n < 2.

    Example:
        >>> import torch
        >>> from equipoise import mst_length
        >>> points = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]], requires_grad=True)
        >>> length = mst_length(points)
        >>> length.backward()
        >>> round(length.item(), 4), points.grad[0].tolist()
        (7.0, [-1.0, 0.0])
    """
    wide = at_least_float32(checked_points(points))
    return tree_length(wide, minimum_spanning_edges(wide))


def sphere_penalty(points: Tensor) -> Tensor:
    """The soft sphere constraint `L_S = (1/n) Σ (‖z_i‖ - 1)²` of points `[n, d]`; a zero vector has a zero gradient."""
    wide = at_least_float32(checked_points(points, least=1))
    return (torch.linalg.vector_norm(wide, dim=1) - 1).square().mean()


def treg(points: Tensor, *, gamma: float, lambda_: float) -> Tensor:
    """`γ L_E + λ L_S` with `L_E = -(1/n) E(Z)` and `L_S = mean((‖z‖ - 1)²)` (T-REGS, equations 4 to 6).

    points: `[n, d]`, *un-normalised* embeddings of one branch; n points use the tree of the whole batch.
    gamma, lambda_: weights of the tree length and of the sphere penalty, 0 or more. Returns a scalar.

    Example:
        >>> import torch
        >>> from equipoise import treg
        >>> round(treg(torch.eye(3), gamma=1.0, lambda_=1.0).item(), 4)  # −2√2 / 3: the norms are 1
        -0.9428
    """
    gamma, lambda_ = not_negative(gamma, "gamma"), not_negative(lambda_, "lambda_")
    return lambda_ * sphere_penalty(points) - gamma * mst_length(points) / max(len(points), 1)


def checked_points(points: Tensor, *, least: int = 0) -> Tensor:
    """The points, if they are `[n, d]` with `d >= 1` and at least so many; raises `InputError` otherwise."""
    if points.ndim != 2 or points.shape[1] == 0 or len(points) < least:
        wanted = "[n, d]" + (f" with n >= {least}" if least else "")
        raise InputError(f"T-REG needs points {wanted} and d >= 1, not {list(points.shape)}")
    return points


def equilibrium_radius(points: int, gamma: float, lambda_: float) -> float:
    """Where the norms settle when nothing else pulls: `r = 1 + (γ / 2λ) √(2 (n-1) / n)`, about `1 + γ√2 / (2λ)`.

    n ≤ d+1 points on a sphere of radius r make the tree longest as a regular simplex, `E = (n-1) r √(2n / (n-1))`;
    then `d/dr [λ (r-1)² - γ E/n] = 0`. Infinite where nothing holds the points back.
    """
    if gamma == 0:
        return 1.0
    if lambda_ == 0:
        return math.inf
    return 1 + gamma * math.sqrt(2 * (points - 1) / points) / (2 * lambda_)
