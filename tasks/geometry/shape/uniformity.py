"""How evenly points fill the sphere, by the length of their spanning tree (T-REGS, arXiv 2510.23484)."""

import numpy as np


def treg_uniformity(length: float, n: int, dimension: int) -> float:
    """`(length / n) / √(2 (d + 1) / d)`: mean tree length per point over the edge of the regular simplex.

    length: of the minimum spanning tree of n points on the unit sphere in `R^d`. With n ≤ d + 1 points it is at most
    about 1, reached by the simplex; with many points it falls like `n^(-1/(d-1))`, so compare equal n only.
    (T-REGS, section 4: the metric is `−E / √(2 (d + 1) / d)` with `E = −length / n`.)
    Raises `ValueError` for a dimension below 1.

    Example:
        >>> import numpy as np
        >>> from equipoise import minimum_spanning_tree, treg_uniformity
        >>> tree = minimum_spanning_tree(np.eye(3))
        >>> round(treg_uniformity(tree.length, 3, 3), 3)
        0.577
    """
    if dimension < 1:
        raise ValueError(f"needs a dimension of at least 1, not {dimension}")
    return float(length) / max(n, 1) / float(np.sqrt(2 * (dimension + 1) / dimension))
