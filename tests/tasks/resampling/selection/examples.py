"""Counts of a selection, for the tests of what is made of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.match_stream import MatchBlock
from tasks.resampling.selection.choose import Tally


def tally_of(matrix: Incidence, copies: npt.ArrayLike) -> Tally:
    """The tally of all rows at once."""
    found = Tally(np.zeros(matrix.columns, np.int64), np.zeros(matrix.columns, np.int64))
    found.add(MatchBlock(matrix.indptr, matrix.indices, 0), np.asarray(copies, dtype=np.uint16))
    return found
