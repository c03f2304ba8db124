"""Sorted lists of near points, for compiled loops: by (distance, position), −1 and infinity where unfilled."""

import numpy as np

from tasks.compiled import compiled


@compiled
def enter(positions: np.ndarray, squared: np.ndarray, point: np.int32, distance: np.float32) -> None:
    """Insert into a list `[k]`, the last falling out, unless the point is too far."""
    place = len(positions) - 1
    if squared[place] < distance or (squared[place] == distance and 0 <= positions[place] < point):
        return
    while place > 0 and (
        squared[place - 1] > distance
        or positions[place - 1] < 0
        or (squared[place - 1] == distance and positions[place - 1] > point)
    ):
        positions[place] = positions[place - 1]
        squared[place] = squared[place - 1]
        place -= 1
    positions[place] = point
    squared[place] = distance


@compiled
def displace(
    positions: np.ndarray, squared: np.ndarray, labels: np.ndarray, point: np.int32, distance: np.float32
) -> bool:
    """True if `point` is its component's nearest so far; an entry that it surpasses is taken out of the list."""
    last = len(positions) - 1
    for place in range(last + 1):
        listed = positions[place]
        if listed >= 0 and labels[listed] == labels[point]:
            if squared[place] < distance or (squared[place] == distance and listed < point):
                return False
            for later in range(place, last):
                positions[later] = positions[later + 1]
                squared[later] = squared[later + 1]
            positions[last] = -1
            squared[last] = np.inf
            return True
    return True


@compiled
def distance_of_label(positions: np.ndarray, squared: np.ndarray, labels: np.ndarray, label: int) -> np.float32:
    """The distance of a component's entry in a list, infinite where it has none."""
    for place in range(len(positions)):
        if positions[place] >= 0 and labels[positions[place]] == label:
            return squared[place]
    return np.float32(np.inf)
