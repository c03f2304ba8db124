"""Arrays that are written through a memory map."""

import errno
from pathlib import Path

import numpy as np
import pytest

from storage.mapped import new_array
from tests.disks import small_disk


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 5)])
def test_what_is_filled_in_is_in_the_file(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = new_array(tmp_path / "a.npy", np.float32, shape)
    assert not array.any()
    array[...] = 2.5
    array.flush()
    assert np.array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), np.full(shape, 2.5, np.float32))


def test_a_full_disk_is_an_error_and_not_a_signal(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        with pytest.raises(OSError) as refused:
            new_array(disk / "a.npy", np.float32, (1 << 19,))
        assert refused.value.errno == errno.ENOSPC and not list(disk.iterdir())
