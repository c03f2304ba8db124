"""The shape of a set of embeddings: its spanning tree, its intrinsic dimension, how evenly it fills the sphere."""

import numpy as np

from equipoise import intrinsic_dimension, minimum_spanning_tree, treg_uniformity


def main() -> tuple[float, float]:
    """Print what the tree tells of 3-dimensional data hidden in 64; return the dimension and the uniformity."""
    draws = np.random.default_rng(0)
    hidden = draws.normal(size=(2_000, 4)) @ draws.normal(size=(4, 64))
    points = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)  # a surface of 3 dimensions on the sphere

    tree = minimum_spanning_tree(points)  # for large sets method="knn", whose edges are certified one by one
    print(f"{len(tree.edges)} edges of total length {tree.length:.1f}; {tree.certified_fraction:.0%} proven minimal")
    print(f"the longest edges join outliers: {tree.edges[-3:].tolist()}")

    estimate = intrinsic_dimension(points)
    print(f"intrinsic dimension {estimate.dimension:.2f}, between {estimate.low:.2f} and {estimate.high:.2f}")

    uniformity = treg_uniformity(tree.length, points.shape[1])
    noise = draws.normal(size=points.shape)
    even = minimum_spanning_tree(noise / np.linalg.norm(noise, axis=1, keepdims=True))
    print(f"T-REGS uniformity {uniformity:.0f}; spread evenly {treg_uniformity(even.length, points.shape[1]):.0f}")
    return estimate.dimension, uniformity


if __name__ == "__main__":
    main()
