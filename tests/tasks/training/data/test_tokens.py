"""Tokens by row."""

import numpy as np
import torch

from tasks.training.data.tokens import TokenWriter
from tests.tasks.training.data.examples import read, tokenizer


def test_tokens_are_those_of_the_captions_in_any_order(squares):
    captions = ["one", "three", "three", "seven"]
    writer = TokenWriter(tokenizer, 6)
    writer.add(captions[:3])
    writer.add(captions[3:])
    tokens = writer.finish(np.array([2, 0, 3, 1]))
    assert torch.equal(tokens.take(np.arange(4)), tokenizer([captions[place] for place in (2, 0, 3, 1)]))


def test_used_tokens_are_those_that_occur(squares):
    tokens = read(squares).tokens
    whole = tokens.take(np.arange(48))
    assert torch.equal(tokens.used(), torch.unique(whole))
    assert whole.dtype == torch.int64
