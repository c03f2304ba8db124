"""Image features of a benchmark that was encoded once, of its encoder or of heads on it, with the labels to learn."""

import numpy as np
import torch
from torch.nn import functional

from storage.errors import InputError
from tasks.evaluation.probe.linear import Labelled
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark
from tasks.training.models.heads import Heads

BLOCK = 8_192  # images in one pass through the heads


@torch.no_grad()
def labelled_features(encoded: EncodedBenchmark, heads: Heads | None) -> Labelled:
    """Features of length 1, as clip-benchmark probes them, numbered in the order of the shards.

    Raises `InputError` for a benchmark whose images have captions or several labels.
    """
    layout = encoded.layout
    if layout.kind != "classification":
        raise InputError(
            f"the benchmark {layout.name} is of kind {layout.kind}; a linear probe learns one class an image, so leave "
            "it out of the probe's benchmarks"
        )
    features = encoded.images
    if heads is not None:
        blocks = features.split(BLOCK)
        device = heads.logit_scale.device
        features = torch.cat([heads.encode_image(block.to(device)).cpu() for block in blocks])
    unit = functional.normalize(features, dim=1)
    return Labelled(np.arange(len(unit), dtype=np.uint64), unit, torch.tensor(encoded.targets))
