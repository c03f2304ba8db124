"""Training on the used tokens alone: the same features, and the whole table back afterwards."""

import torch
from torch import nn

from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.models.compact_vocabulary import compact


def test_features_are_the_same_and_the_table_comes_back() -> None:
    clip = build_clip(Architecture(), seed=0)
    tokens = clip.tokenizer(["a red square", "two circles", "a red ring"])
    before, whole = clip.model.encode_text(tokens), clip.model.token_embedding.weight.detach().clone()
    used = torch.unique(tokens)
    vocabulary = compact(clip.model, used)
    assert clip.model.token_embedding.weight.shape == (len(used), 64)
    torch.testing.assert_close(clip.model.encode_text(vocabulary.renumber(tokens)), before, atol=0, rtol=0)
    with torch.no_grad():
        clip.model.token_embedding.weight += 1
    vocabulary.expand(clip.model)
    after = clip.model.token_embedding.weight.detach()
    assert after.shape == whole.shape
    assert torch.equal(after[used], whole[used] + 1)
    rest = torch.ones(len(whole), dtype=torch.bool).index_fill(0, used, False)
    assert torch.equal(after[rest], whole[rest])


def test_a_locked_embedding_stays_locked() -> None:
    model = build_clip(Architecture(), seed=0).model
    model.token_embedding.weight.requires_grad_(False)
    compact(model, torch.arange(5))
    assert not model.token_embedding.weight.requires_grad


def test_models_that_find_their_tokens_otherwise_are_left_alone() -> None:
    model = build_clip(Architecture(), seed=0).model
    model.text_pool_type = "eos"
    table = model.token_embedding
    assert compact(model, torch.arange(5)) is None and model.token_embedding is table
    assert compact(nn.Linear(2, 2), torch.arange(5)) is None
