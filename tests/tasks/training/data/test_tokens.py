"""Tokens by row, from memory and from disk."""

import numpy as np
import torch

from tests.tasks.training.data.examples import read


def test_tokens_are_the_same_from_memory_and_from_disk(squares, tmp_path, monkeypatch):
    in_memory = read(squares).tokens
    monkeypatch.setattr("tasks.training.data.tokens.IN_MEMORY_LIMIT", 0)
    on_disk = read(squares, scratch=tmp_path / "scratch").tokens
    assert (tmp_path / "scratch" / "tokens.npy").is_file()
    rows = np.array([3, 47, 3, 0])
    assert torch.equal(on_disk.take(rows), in_memory.take(rows))
    whole = in_memory.take(np.arange(48))
    assert torch.equal(on_disk.used(), torch.unique(whole))
    assert whole.dtype == torch.int64
