"""A fixed number of processor threads for one calculation, whatever runs beside it in the process."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def fixed_threads(count: int) -> Iterator[None]:
    """Let torch use `count` threads in the calling thread, and restore its number afterwards.

    Sums round differently with another number of threads, so a training that is to give the same bits must fix it.
    The number is the calling thread's own; asking for it first makes torch settle it before it is set.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
