"""T-REG alone: points that have collapsed spread over the sphere as their spanning tree grows."""

import torch
from torch.nn.functional import normalize

from equipoise import mst_length, treg


def main(steps: int = 400) -> tuple[float, float, float]:
    """Print and return the tree's length before and after, and the mean norm at the end."""
    torch.manual_seed(0)
    points = normalize(torch.ones(32, 64) + 0.01 * torch.randn(32, 64), dim=1).requires_grad_()
    before = mst_length(points).item()
    optimiser = torch.optim.Adam([points], lr=0.02)
    for step in range(steps):
        loss = treg(points, gamma=0.1, lambda_=1.0)  # weights of the tree's length, and of norms near 1
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step:3}: tree {mst_length(points).item():.2f}")
    after, norm = mst_length(points).item(), points.norm(dim=1).mean().item()
    simplex = 31 * norm * (64 / 31) ** 0.5
    print(f"tree {before:.2f} → {after:.2f}; a regular simplex of the same norm {norm:.3f} has {simplex:.2f}")
    return after, simplex, norm


if __name__ == "__main__":
    main()
