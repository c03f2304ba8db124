"""Groups by differing bits, against every two compared."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from tasks.screening.duplicates.similar_hashes import MOST, similar_hashes


def by_every_two(ids: np.ndarray, hashes: np.ndarray, most: int) -> dict[int, int]:
    bits = np.unpackbits(hashes.view(np.uint8), axis=1).astype(np.int64)
    differing = (bits[:, None, :] != bits[None, :, :]).sum(axis=2)
    _, label = connected_components(differing <= most, directed=False)
    lowest = {name: ids[label == name].min() for name in set(label.tolist())}
    return {int(id_): int(lowest[name]) for id_, name in zip(ids, label, strict=True) if lowest[name] != id_}


@settings(deadline=None, max_examples=60)  # the first call compiles
@given(seed=st.integers(0, 2**20), most=st.integers(0, MOST), rows=st.integers(0, 60))
def test_groups_are_those_of_every_two(seed: int, most: int, rows: int) -> None:
    """Clouds about few centres: some within `most`, some at it, some just beyond, and chains between them."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, (4, 4), dtype=np.uint64)
    hashes = centres[rng.integers(0, 4, rows)]
    for row in range(rows):
        for bit in rng.choice(256, int(rng.integers(0, most + 3)), replace=False):
            hashes[row, bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    ids = rng.choice(10_000, rows, replace=False).astype(np.uint64)
    found, kept = similar_hashes(ids, hashes, most)
    assert found.tolist() == sorted(found.tolist())
    assert dict(zip(found.tolist(), kept.tolist(), strict=True)) == by_every_two(ids, hashes, most)


@pytest.mark.parametrize("most", [0, 15, 16, MOST])
def test_the_bits_may_lie_anywhere(most: int) -> None:
    """Spread evenly over the pieces, or all in one: the farthest pairs that count, and the nearest that do not."""
    for step in (1, 8):
        near, far = np.zeros((2, 4), np.uint64), np.zeros((2, 4), np.uint64)
        for rows, count in ((near, most), (far, most + 1)):
            for bit in range(count):
                at = bit * step % 256
                rows[1, at // 64] ^= np.uint64(1) << np.uint64(at % 64)
        ids = np.array([9, 4], np.uint64)
        assert [side.tolist() for side in similar_hashes(ids, near, most)] == [[9], [4]]
        assert len(similar_hashes(ids, far, most)[0]) == 0


def test_beyond_what_is_complete_is_refused() -> None:
    for most in (-1, MOST + 1):
        with pytest.raises(ValueError, match="within 0 to 31 bits"):
            similar_hashes(np.zeros(0, np.uint64), np.zeros((0, 4), np.uint64), most)
