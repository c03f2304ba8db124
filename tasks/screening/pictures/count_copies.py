"""How many pictures of one set are copies of another's, at one distance and at others beside it."""

from typing import Any

import numpy as np

from tasks.screening.pictures.same_pictures import NearestPictures
from tasks.screening.pictures.thumbnails import Pictures

STEPS = (0.3, 0.4, 0.5, 0.55, 0.6, 0.7, 0.8)
"""Distances at which it is told how many pairs there are."""


def count_pairs(found: NearestPictures, known: Pictures, asked: Pictures, distance: float) -> dict[str, Any]:
    """How many pairs there are within `distance`, and at other distances for comparison.

    same_class: share of pairs whose classes agree, null without classes. It falls where pairs are no longer copies.
    """
    distance = float(distance)
    labelled = bool((known.label >= 0).all() and (asked.label >= 0).all())
    agrees = known.label[found.position] == asked.label
    same = found.distance <= distance

    def within(step: float) -> dict[str, Any]:
        near = found.distance <= step
        return {
            "distance": step,
            "pairs": int(near.sum()),
            "same_class": float(agrees[near].mean()) if labelled and near.any() else None,
        }

    return {
        "train": len(known.row),
        "evaluation": len(asked.row),
        "unreadable": known.unreadable + asked.unreadable,
        "distance": distance,
        "same_pictures": int(same.sum()),
        "mirrored": int((same & found.mirrored).sum()),
        "training_pictures": len(np.unique(found.position[same])),
        "by_distance": [within(step) for step in sorted({*STEPS, distance, 2.0})],
    }
