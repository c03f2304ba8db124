"""A batch's memory."""

import numpy as np
import pytest
import torch

from tasks.training.data.batch import Batch


@pytest.mark.skipif(not torch.cuda.is_available(), reason="page-locked memory needs a CUDA device")
def test_a_pinned_batch_holds_the_same() -> None:
    batch = Batch(np.arange(3, dtype=np.uint64), torch.rand(3, 2), torch.arange(3))
    pinned = batch.pinned()
    assert pinned.images.is_pinned() and pinned.texts.is_pinned()
    assert torch.equal(pinned.images, batch.images) and torch.equal(pinned.texts, batch.texts)
