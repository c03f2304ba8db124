"""Arrays in files, written through the memory map."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def new_array(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> "np.memmap[Any, np.dtype[Any]]":
    """An array of zeros in a new `.npy` file, to be filled through its memory map.

    Its blocks are taken from the disk here: in a file with holes, a full disk would end the process by a signal at some
    later assignment, where no error can be caught.

    Raises:
        OSError: the disk has no room for it; no file is left.
    """
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate"):  # not on macOS
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, path.stat().st_size))
        except OSError:
            path.unlink()
            raise
    return array
