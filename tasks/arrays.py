"""Names for the arrays that rooms pass to one another; a docstring adds the shape, as in `Floats [n, d]`."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Float32s = npt.NDArray[np.float32]
Reals = npt.NDArray[np.floating]
"""Numbers of any precision, as vectors are stored."""

Integers = npt.NDArray[np.integer]
"""Whole numbers of any width, for functions that read them as they come."""

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
"""Counts, offsets and positions."""

Ids = npt.NDArray[np.uint64]
"""Identities of rows."""

Keywords = npt.NDArray[np.uint32]
"""Numbers of keywords, places in the keyword list."""

Bools = npt.NDArray[np.bool_]

Pixels = npt.NDArray[np.uint8]
"""Pictures, `[n, 3, height, width]`, or bytes."""

Bytes = npt.NDArray[np.uint8]
"""The bytes of texts, or one class for each byte."""

Words = npt.NDArray[np.uint64]
"""64-bit words: keys, hashes, filters."""
