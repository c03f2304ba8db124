"""Recall against a plain count and clip-benchmark's own function, and measures with known values."""

import pytest
import torch
from clip_benchmark.metrics.zeroshot_retrieval import recall_at_k
from torch.nn import functional

from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.tregs_retrieval.measured import measure_retrieval, recall

LABEL = ArmLabel(group="CLIP", name="a", seed=0)


def branches(n: int = 700, d: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """More rows than a block of the measure holds."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(n, d, generator=generator)
    text = image + torch.randn(n, d, generator=generator)
    return functional.normalize(image, dim=1), functional.normalize(text, dim=1)


def test_recall_is_clip_benchmarks() -> None:
    image, text = branches()
    own = recall(text, image, torch.arange(700), (1, 5, 10))
    scores = text @ image.T
    for k, value in zip((1, 5, 10), own, strict=True):
        theirs = (recall_at_k(scores, torch.eye(700, dtype=torch.bool), k) > 0).float().mean().item()
        assert value == pytest.approx(theirs, abs=1e-6)


def test_equal_captions_answer_each_others_images() -> None:
    image = torch.eye(4)
    text = torch.eye(4)[[1, 0, 2, 3]]  # the first two are swapped
    assert recall(image, text, torch.tensor([0, 1, 2, 3]), (1,)) == (0.5,)
    assert recall(image, text, torch.tensor([0, 0, 2, 3]), (1,)) == (1.0,)


def test_embeddings_that_are_all_one_answer_nothing() -> None:
    flat = functional.normalize(torch.ones(20, 4), dim=1)
    assert recall(flat, flat, torch.arange(20), (1, 10)) == (0.0, 0.0)


def test_gap_alignment_and_uniformity_of_opposite_branches() -> None:
    image = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    found = measure_retrieval(LABEL, image, -image, torch.arange(2), (1,))
    assert found.gap == pytest.approx(2) and found.alignment == pytest.approx(4)
    assert found.image_uniformity == pytest.approx(0, abs=1e-6) and found.image_tree == 0
    apart = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    spread = measure_retrieval(LABEL, apart, apart, torch.arange(2), (1,))
    assert spread.gap == pytest.approx(0, abs=1e-6) and spread.image_uniformity == pytest.approx(-8)
    assert spread.recall == 1 and spread.image_tree == pytest.approx(2 / 3**0.5)
