"""Torch's threads: fixed in one thread, restored after, untouched in others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tasks.threads import fixed_threads, one_torch_thread


def test_the_number_is_restored_after_a_fault_too() -> None:
    before = torch.get_num_threads()
    with fixed_threads(before + 2):
        assert torch.get_num_threads() == before + 2
    with pytest.raises(KeyError), fixed_threads(before + 1):
        raise KeyError
    assert torch.get_num_threads() == before


def test_a_worker_changes_its_own_number_only() -> None:
    with fixed_threads(3):
        with ThreadPoolExecutor(1, initializer=one_torch_thread) as pool:
            assert pool.submit(torch.get_num_threads).result() == 1
        assert torch.get_num_threads() == 3
