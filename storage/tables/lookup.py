"""Looking ids up among sorted ones."""

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint64]


def places_in(held: Ids, wanted: Ids) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each of `wanted [n]` stands among `held [m]` (ascending), and whether it is there at all.

    Where it is not there, the place is one that may be read all the same, if there is any: `column[place]` is safe for
    `m > 0`, and what is read there is to be passed over.
    """
    if not len(held):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    places = np.minimum(np.searchsorted(held, wanted), len(held) - 1).astype(np.int64)
    return places, held[places] == wanted


def left(ids: Ids, gone: Ids | None) -> npt.NDArray[np.bool_]:
    """Which of `ids [n]` are not among those that are gone (ascending; None: nothing is)."""
    if gone is None:
        return np.ones(len(ids), bool)
    return ~places_in(gone, ids)[1]
