"""One torch thread in each of our own: the workers are the parallelism, and sums round the same for any number."""

import torch


def one_torch_thread() -> None:
    """Let torch use one thread in the calling thread."""
    torch.get_num_threads()  # settles this thread's default before it is changed
    torch.set_num_threads(1)
