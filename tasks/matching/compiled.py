"""Numba compilation, cached on disk, without the cache's one trap.

Numba decides whether a cached kernel is still good by the time stamp of the *one* file that holds it. A kernel that
inlines a helper from another file would go on using the old helper after that was edited: the index could then hash
tokens otherwise than the kernel that looks them up. Here the stamp is a hash of every source file in the folder.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import xxhash

Integer = int | np.int64
"""A whole number in compiled code, where there is only int64."""


@cache
def _sources_stamp(folder: Path) -> str:
    state = xxhash.xxh3_128()
    for path in sorted(folder.glob("*.py")):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, GIL released, machine code kept beside the source (or in numba's own cache folder)."""
    try:
        dispatcher = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # numba found no folder that it may write to
        return numba.njit(nogil=True, error_model="numpy")(function)
    index = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if index is not None:
        index._source_stamp = _sources_stamp(Path(function.__code__.co_filename).parent)
    return dispatcher
