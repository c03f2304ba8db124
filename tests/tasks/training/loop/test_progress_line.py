"""What is told while a training runs: at most every two seconds, and once at the end."""

import time

import numpy as np
import pytest
import torch

from tasks.training.loop.measurements import Watch
from tasks.training.loop.progress_line import Live


def test_lines_come_every_two_seconds_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    told: list[tuple[int, int, str]] = []
    live = Live(6, 10, "a test", lambda *line: told.append(line))
    watch = Watch(6, ("loss",), every=100)
    live.begin(2)  # resumed
    for step in range(2, 6):
        watch.record(step, np.arange(2, dtype=np.uint64), torch.tensor([float(step)]), 0.1, torch.tensor(1.0))
        now[0] += 1.0
        live.advance(step + 1, watch)
    watch.flush()
    live.end(watch)
    assert told == [
        (4, 6, "loss 3, 10 examples/s"),
        (6, 6, "loss 5, 10 examples/s"),
        (6, 6, "loss 5, 10 examples/s"),  # the last one is of all steps since the start
    ]
