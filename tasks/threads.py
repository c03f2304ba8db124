"""How many processor threads torch uses: sums round differently with another number, so results name it or fix it.

The number belongs to the calling thread. Asking for it first makes torch settle the default before it is changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def fixed_threads(count: int) -> Iterator[None]:
    """Let torch use `count` threads in the calling thread, and restore its number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_torch_thread() -> None:
    """Let torch use one thread in the calling thread: a worker of ours, of which there are as many as threads."""
    torch.get_num_threads()
    torch.set_num_threads(1)
