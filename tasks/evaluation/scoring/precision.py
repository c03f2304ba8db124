r"""Mean average precision of images that show several classes, and its bootstrap over images.

The average precision of a class is the mean over its images of the precision at their ranks (VOC's since 2010, and
clip-benchmark's). A resample gives image i the weight w_i, how often it was drawn; with the images in the order of the
class's scores,

    AP = Σ_i w_i y_i · (Σ_{j ≤ i} w_j y_j / Σ_{j ≤ i} w_j) / Σ_i w_i y_i,

so that a class is sorted once for all resamples. The copies of an image share its rank.
"""

import numpy as np

from tasks.arrays import Bools, Float32s, Floats
from tasks.evaluation.scoring.intervals import BLOCK, Bootstrap, Interval, percentiles


def mean_precision_interval(scores: Float32s, truth: Bools, bootstrap: Bootstrap) -> Interval:
    """Percentile bootstrap of the mean over classes of the average precision.

    A class of which a resample holds no image counts as 0 there, as it does in clip-benchmark.

    Args:
        scores: `[n, c]` higher for classes that an image is thought to show.
        truth: `[n, c]` whether it does.
        bootstrap: how often to resample, and for which coverage.
    """
    images = len(scores)
    generator = bootstrap.generator("precision")
    order = np.argsort(-scores, axis=0, kind="stable")
    draws = np.empty(bootstrap.resamples)
    step = max(1, BLOCK // images)
    for start in range(0, bootstrap.resamples, step):
        stop = min(start + step, bootstrap.resamples)
        copies = generator.multinomial(images, np.full(images, 1.0 / images), size=stop - start).astype(np.float64)
        of_class = [
            weighted_precision(copies[:, by_score], truth[by_score, number]) for number, by_score in enumerate(order.T)
        ]
        draws[start:stop] = np.mean(of_class, axis=0)
    return percentiles(draws, bootstrap, images)


def weighted_precision(weights: Floats, shown: Bools) -> Floats:
    """The average precision under each row of weights, `[r]`; 0 where no image with weight shows the class.

    Args:
        weights: `[r, n]` of the images, best score first.
        shown: `[n]` whether each shows the class.
    """
    if not shown.any():
        return np.zeros(len(weights))
    total = np.cumsum(weights, axis=1)[:, shown]
    right = weights[:, shown]
    found = np.cumsum(right, axis=1)
    precision = found / np.maximum(total, 1)
    value: Floats = (precision * right).sum(axis=1) / np.maximum(found[:, -1], 1)
    return value
