"""Features as two discrete variables: the cluster of the image, and that of the caption."""

import faiss
import numpy as np

from storage.errors import InputError
from tasks.arrays import Float32s, Int64s

ITERATIONS = 25


def clusters(features: Float32s, number: int, *, seed: int) -> Int64s:
    """The k-means cluster of every row, `[n]`, numbered by size from the largest.

    Args:
        features: `[n, d]`.
        number: of clusters.
        seed: of the first centres.

    Raises:
        InputError: there are fewer rows than clusters.
    """
    if len(features) < number:
        raise InputError(f"{number} clusters were asked for, but there are only {len(features)} pairs; ask for fewer")
    features = np.ascontiguousarray(features, dtype=np.float32)
    means = faiss.Kmeans(features.shape[1], number, niter=ITERATIONS, seed=seed, max_points_per_centroid=10**9)
    means.train(features)
    found = means.index.search(features, 1)[1][:, 0]
    size = np.bincount(found, minlength=number)
    rank = np.empty(number, np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(number)
    return rank[found]
