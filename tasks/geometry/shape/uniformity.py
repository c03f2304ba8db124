"""How evenly points fill the sphere, by the length of their spanning tree (T-REGS, arXiv 2510.23484)."""

import numpy as np

from tasks.arguments import not_negative


def treg_uniformity(length: float, dimension: int) -> float:
    """`length / √(2 (d + 1) / d)`: the tree's length in edges of the regular simplex.

    length: of the minimum spanning tree of points on the unit sphere in `R^d`. At most `n − 1`, reached by the simplex
    of n ≤ d + 1 points. It is the paper's metric (T-REGS, appendix G), which is not divided by n: repeating every point
    leaves it unchanged. It grows with the number of points, so compare sets of equal size only.
    Raises `ValueError` for a dimension below 1 and `InputError` for a length that no tree has.

    Example:
        >>> import numpy as np
        >>> from equipoise import minimum_spanning_tree, treg_uniformity
        >>> tree = minimum_spanning_tree(np.eye(3))
        >>> round(treg_uniformity(tree.length, 3), 3)
        1.732
    """
    if dimension < 1:
        raise ValueError(f"needs a dimension of at least 1, not {dimension}")
    return not_negative(length, "length") / float(np.sqrt(2 * (dimension + 1) / dimension))
