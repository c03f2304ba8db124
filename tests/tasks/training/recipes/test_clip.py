"""Training a CLIP model: order, stores, vocabulary, resuming, accumulation and the logit scale."""

import numpy as np
import pytest
import torch

from storage.tables.shards import write_table
from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.config import (
    OptimiserConfig,
    RegulariserConfig,
)
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.data.selection import Drawing
from tasks.training.loop.context import Context
from tasks.training.models.saved import lock_tower
from tasks.training.recipes.clip import train_clip
from tests.tasks.training.conftest import TINY, pairs_table, state_bytes


def test_order_of_shards_does_not_matter_and_seeds_do(squares):
    clips = []
    for paths, seed in ((squares, 0), (squares[::-1], 0), (squares, 1)):
        clip = build_clip(TINY.architecture, seed=0)
        pairs = read_pairs(paths, Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        train_clip(clip, pairs, TINY, seed=seed)
        clips.append(state_bytes(clip.model))
    assert clips[0] == clips[1] != clips[2]


def test_streamed_pictures_and_pictures_in_memory_teach_the_same(tmp_path):
    """Orders differ, so bits do; what is learnt of four colours does not."""
    write_table(tmp_path / "pairs.parquet", pairs_table(400))
    losses = []
    for limit in (1 << 30, 0):
        clip = build_clip(TINY.architecture, seed=0)
        means = {"preparation": Preparation.of(clip.transform), "tokenizer": clip.tokenizer, "decoded_limit": limit}
        pairs = read_pairs([tmp_path / "pairs.parquet"], Drawing(), **means)
        config = TINY.model_copy(update={"steps": 30, "batch": 24})
        losses.append(train_clip(clip, pairs, config, seed=0).metrics["loss"].to_pylist())
    assert losses[0] != losses[1]
    assert np.mean(losses[0][-5:]) == pytest.approx(np.mean(losses[1][-5:]), rel=0.15)
    assert np.mean(losses[1][-5:]) < 0.75 * losses[1][0]


def test_unused_tokens_stay_as_they_were(squares):
    clip = build_clip(TINY.architecture, seed=0)
    before = clip.model.token_embedding.weight.detach().clone()
    pairs = read_pairs(squares, Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
    train_clip(clip, pairs, TINY, seed=0)
    used = pairs.tokens.used()
    after = clip.model.token_embedding.weight.detach()
    unused = torch.ones(len(before), dtype=torch.bool).index_fill(0, used, False)
    assert torch.equal(after[unused], before[unused])
    assert not torch.equal(after[used], before[used])


@pytest.mark.parametrize("limit", (1 << 30, 0))
def test_resuming_a_clip_model_gives_the_same_bits(squares, tmp_path, monkeypatch, limit):
    config = TINY.model_copy(update={"checkpoint_every": 2, "architecture": Architecture()})

    def run(scratch, fail_at=config.steps):
        clip = build_clip(config.architecture, seed=0)
        means = {"preparation": Preparation.of(clip.transform), "tokenizer": clip.tokenizer, "decoded_limit": limit}
        pairs = read_pairs(squares, Drawing(), **means)

        def failing(pairs, **options):
            for number, drawn in enumerate(draw(pairs, **options), options["start"]):
                if number == fail_at:
                    raise KeyboardInterrupt
                yield drawn

        draw = type(pairs).batches
        with monkeypatch.context() as patched:
            patched.setattr(type(pairs), "batches", failing)
            train_clip(clip, pairs, config, seed=0, context=Context(scratch=scratch))
        return state_bytes(clip.model)

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "scratch", fail_at=5)
    assert run(tmp_path / "scratch") == whole


def test_accumulation_is_the_whole_batch(squares):
    states = []
    for accumulate in (1, 3):
        config = TINY.model_copy(
            update={
                "accumulate": accumulate,
                "steps": 2,
                "regulariser": RegulariserConfig(gamma=0.1, lambda_=0.1),
                "optimiser": OptimiserConfig(epsilon=1e-3),
            }
        )
        clip = build_clip(config.architecture, seed=0)
        pairs = read_pairs(squares, Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        fitted = train_clip(clip, pairs, config, seed=0)
        states.append((clip.model.state_dict(), fitted.metrics))
    for name, tensor in states[0][0].items():
        torch.testing.assert_close(states[1][0][name], tensor, atol=2e-5, rtol=1e-4)
    for column in ("loss", "gradient_norm", "image_tree"):
        np.testing.assert_allclose(states[0][1][column], states[1][1][column], rtol=1e-4)


@pytest.mark.parametrize("tower", ("image", "text"))
def test_accumulation_with_a_locked_tower(squares, tower):
    states = []
    for accumulate in (1, 3):
        config = TINY.model_copy(
            update={"accumulate": accumulate, "steps": 2, "optimiser": OptimiserConfig(epsilon=1e-3)}
        )
        clip = build_clip(config.architecture, seed=0)
        lock_tower(clip.model, tower)
        pairs = read_pairs(squares, Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        train_clip(clip, pairs, config, seed=0)
        states.append(clip.model.state_dict())
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=2e-5, rtol=1e-4)


def test_the_logit_scale_is_kept_at_100(squares):
    clip = build_clip(TINY.architecture, seed=0)
    with torch.no_grad():
        clip.model.logit_scale.fill_(5.0)
    pairs = read_pairs(squares, Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
    train_clip(clip, pairs, TINY.model_copy(update={"steps": 1}), seed=0)
    assert clip.model.logit_scale.exp().item() == pytest.approx(100, rel=1e-5)
