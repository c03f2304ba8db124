"""T-REG in another's self-supervised code: a two-view loop of a few lines that collapses, and the line that helps."""

import torch
from torch import nn

from equipoise import mst_length, treg


def main(steps: int = 60, gamma: float = 0.2, lambda_: float = 8e-4) -> dict[str, float]:
    """Train on two noisy views with and without T-REG; return the mean edge of the tree of a batch's directions."""
    return {name: spread(steps, *weights) for name, weights in {"alone": (0.0, 0.0), "T-REG": (gamma, lambda_)}.items()}


def spread(steps: int, gamma: float, lambda_: float) -> float:
    """Invariance to noise alone is solved best by one point for all: what is left is told by the spanning tree."""
    torch.manual_seed(0)
    pictures = torch.randn(512, 32)
    network = nn.Sequential(nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 64))
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(steps):
        batch = pictures[torch.randperm(512)[:32]]
        one, two = (network(batch + 0.3 * torch.randn_like(batch)) for _ in range(2))
        loss = 10 * (one - two).square().sum(1).mean()
        if gamma:
            loss = loss + treg(one, gamma=gamma, lambda_=lambda_) + treg(two, gamma=gamma, lambda_=lambda_)  # this line
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        mean_edge = mst_length(network(pictures[:32])).item() / 31
    print(f"gamma {gamma}: mean edge {mean_edge:.3f}")
    return mean_edge


if __name__ == "__main__":
    main()
