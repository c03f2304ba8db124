"""A small training that can be killed in the middle, as a program of its own.

python -m benchmarks.gpu_parts.killed FOLDER DEVICE STEP        ends itself by SIGKILL after the step
"""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.gpu_parts.loop_settings import loop_settings
from tasks.training.data.batch import Batch
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.models.heads import Heads
from tasks.training.recipes.contrastive_objective import ContrastiveObjective

STEPS, BETWEEN = 8, 3
"""Steps of the training, and between its checkpoints."""


def heads_and_batch(device: str) -> tuple[Heads, Batch]:
    """Small heads and 32 examples, the same at every call."""
    torch.manual_seed(4)
    heads = Heads(24, 16, hidden=32, outputs=16).to(device)
    return heads, Batch(np.arange(32, dtype=np.uint64), torch.randn(32, 24), torch.randn(32, 16))


def train(folder: Path, device: str, *, killed_after: int | None = None) -> tuple[Heads, int]:
    """Train, or go on from the folder's checkpoint: the heads, and the step that it went on from.

    Args:
        folder: of the checkpoints.
        device: where.
        killed_after: the step after which this process is killed.
    """
    settings = loop_settings(steps=STEPS, batch=32, half_steps=2, gamma=1e-2, checkpoint_every=BETWEEN)
    heads, batch = heads_and_batch(device)
    objective = ContrastiveObjective(heads, settings.loss, settings.regulariser)

    def batches(start: int) -> Iterator[Batch]:
        for step in range(start, STEPS):
            yield Batch(batch.ids, batch.images.roll(step, 1), batch.texts)

    def kill(step: int) -> None:
        if step == killed_after:
            os.kill(os.getpid(), signal.SIGKILL)

    fitted = fit(objective, batches, settings, Context(device=device, scratch=folder), after=kill)
    return heads, fitted.resumed_at


if __name__ == "__main__":
    train(Path(sys.argv[1]), sys.argv[2], killed_after=int(sys.argv[3]))
