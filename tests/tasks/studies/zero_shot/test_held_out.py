"""Held-out pairs: nothing that is judged by was trained on, and recalls and losses are those of their definitions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from storage.errors import InputError
from tasks.studies.zero_shot.config import HoldOutConfig
from tasks.studies.zero_shot.held_out import judge, recalls, split
from tasks.training.data.embeddings import EmbeddingSet
from tasks.training.losses.unrolled import unrolled_loss
from tasks.training.models.heads import Heads
from tasks.training.models.saved import save_heads

ROWS, CAPTIONS, PICTURES = 400, 150, 220


@pytest.fixture(scope="module")
def examples() -> EmbeddingSet:
    """Rows whose captions and pictures recur, in an order of their own."""
    generator = np.random.default_rng(0)
    captions, pictures = generator.integers(0, CAPTIONS, ROWS), generator.integers(0, PICTURES, ROWS)
    image = generator.normal(size=(PICTURES, 6)).astype(np.float32)[pictures]
    text = generator.normal(size=(CAPTIONS, 5)).astype(np.float16)[captions]
    ids = np.sort(generator.choice(2**40, ROWS, replace=False)).astype(np.uint64)
    place = generator.permutation(ROWS)
    return EmbeddingSet(ids, np.ones(ROWS), place, pictures[place].astype(np.uint64), image, text)


def _rows(examples: EmbeddingSet, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    places = examples.place[mask]
    return examples.image[places], examples.text[places]


def test_no_caption_and_no_picture_is_on_both_sides(examples: EmbeddingSet) -> None:
    found = split(examples, HoldOutConfig(share=0.3))
    assert not (found.trained & found.held).any() and 0 < found.held.sum() < found.trained.sum()
    for held, trained in zip(_rows(examples, found.held), _rows(examples, found.trained), strict=True):
        assert len(np.unique(held, axis=0)) == len(held)
        assert not {row.tobytes() for row in held} & {row.tobytes() for row in trained}
    # every caption is on one side: what is trained on keeps all rows of its captions but those of held-out pictures
    captions = {row.tobytes() for row in examples.text}
    kept = {row.tobytes() for row in _rows(examples, found.trained)[1]}
    assert 0.55 * len(captions) < len(kept) < 0.85 * len(captions)
    assert (split(examples, HoldOutConfig(share=0.3, seed=1)).held != found.held).any()


def test_a_side_without_pairs_is_refused(examples: EmbeddingSet) -> None:
    for share in (1e-9, 1 - 1e-9):
        with pytest.raises(InputError, match=r"held_out\.share of .* give another share"):
            split(examples, HoldOutConfig(share=share))


def test_recalls_are_those_of_a_sort() -> None:
    generator = torch.Generator().manual_seed(0)
    queries, keys = torch.randn(1_500, 4, generator=generator), torch.randn(1_500, 4, generator=generator)
    order = (queries @ keys.T).argsort(dim=1, descending=True)
    for k, found in recalls(queries, keys, (1, 7, 1_500)).items():
        assert found == (order[:, :k] == torch.arange(1_500).unsqueeze(1)).any(dim=1).double().mean()
    assert recalls(torch.ones(3, 2), torch.ones(3, 2), (1, 2, 3)) == {1: 0, 2: 0, 3: 1}  # ties are not in our favour


def test_heads_are_judged_by_their_own_loss_and_by_clips(examples: EmbeddingSet, tmp_path: Path) -> None:
    kept = {}
    for step in (20, 10):
        torch.manual_seed(step)
        heads = Heads(6, 5, hidden=8, outputs=4, logit_scale=10)
        save_heads(tmp_path / str(step), heads)
        kept[step] = tmp_path / str(step)
    held = split(examples, HoldOutConfig(share=0.3))
    ids = examples.ids[held.held]
    found = judge(kept, examples, ids, batch=12, half_steps=2, recall_k=(1, 3))
    assert found.steps == (10, 20)
    image, text, scale = heads(*(torch.from_numpy(each.astype(np.float32)) for each in _rows(examples, held.held)))
    whole = len(ids) // 12 * 12
    assert whole < len(ids)
    for k, losses in ((2, found.loss), (1, found.clip_loss)):
        parts = [
            unrolled_loss(scale * image[start : start + 12] @ text[start : start + 12].T, k).item()
            for start in range(0, whole, 12)
        ]
        assert losses[0] == pytest.approx(np.mean(parts), rel=1e-5)  # `heads` are those of step 10
    assert found.captions[3][0] == recalls(image, text, (3,))[3]
    assert found.pictures[1][0] == recalls(text, image, (1,))[1]
    with pytest.raises(InputError, match="fewer than the 500 that a batch or recall@k needs"):
        judge(kept, examples, ids, batch=12, half_steps=2, recall_k=(500,))
