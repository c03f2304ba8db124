"""Retrieval under both protocols, against clip-benchmark's evaluation of either set of captions."""

from pathlib import Path

import numpy as np
import pytest
import torch
from clip_benchmark.metrics import zeroshot_retrieval

from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.scores import retrieval_scores
from tasks.evaluation.zeroshot import retrieval
from tests.tasks.evaluation.conftest import SmallEncoder, as_clip, retrieved, to_tensor, tokenize, write_retrieval
from tests.tasks.evaluation.conftest import their_loader as loader


def test_one_caption_is_clip_benchmarks_evaluation_of_the_first_captions(tmp_path: Path) -> None:
    layout = inspect_layout(write_retrieval(tmp_path / "set"), name="set")
    encoder = SmallEncoder().eval()
    scores = retrieval_scores(
        retrieved(layout, as_clip(encoder), recall_k=(1, 5), one_caption=True), Bootstrap(resamples=100)
    )
    every = [(images, texts) for images, texts in loader(layout, to_tensor, 5)]
    firsts = [(images, [captions[:1] for captions in texts]) for images, texts in every]
    for prefix, batches in (("", every), ("one_caption_", firsts)):
        theirs = zeroshot_retrieval.evaluate(encoder, batches, tokenize, "cpu", amp=False, recall_k_list=[1, 5])
        assert {name: scores.metrics[prefix + name] for name in theirs} == pytest.approx(theirs, abs=1e-6)
    assert len(scores.metrics) == len(scores.intervals) == 8
    assert scores.primary == "image_retrieval_recall@1"
    named = scores.to_json(dataset="d", model="m", pretrained="p")["protocols"]
    assert isinstance(named, dict) and list(named) == ["", "one_caption_"] and "T-REGS" in named["one_caption_"]


def test_every_k_and_every_block_find_what_clip_benchmark_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "BLOCK", 7)
    torch.manual_seed(0)
    owners = np.repeat(np.arange(40), 3)
    scores = torch.randn(120, 40).mul(4).round()  # many ties
    positive = torch.zeros(120, 40, dtype=torch.bool)
    positive[torch.arange(120), torch.from_numpy(owners)] = True
    found = retrieval._found(scores, owners, (1, 5, 10, 40, 120))
    for k in (1, 5, 10, 40):
        theirs = zeroshot_retrieval.recall_at_k(scores, positive, k) > 0
        assert (found.found_image[k] == theirs.numpy()).all()
        theirs = zeroshot_retrieval.recall_at_k(scores.T, positive.T, k) > 0
        assert (found.found_text[k] == theirs.numpy()).all()
    assert 120 not in found.found_image and found.found_text[120].all()
