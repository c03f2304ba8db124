"""Groups of rows whose 256-bit hashes differ in few bits: all of them, without comparing every two.

Two hashes that differ in at most `MOST` bits agree but for one bit in one of 16 pieces of 16 bits, for two bits in each
would be 32; with 15 bits at most they agree in a whole piece (the pigeonhole principle). So only rows that share a
piece, or nearly, are compared.
"""

import numpy as np

from storage.tables.ids import as_ids
from tasks.arrays import Ids, Int64s, Words
from tasks.compiled import Integer, compiled

PIECES = 16
WIDTH = 16
MOST = 2 * PIECES - 1
"""Bits in which hashes may differ at most, for the search to be complete."""


def similar_hashes(ids: Ids, hashes: Words, most: int) -> tuple[Ids, Ids]:
    """Rows that chains of steps of at most `most` bits join to a row of a lower id.

    One piece at a time is sorted, so memory is about 40 bytes a row; time grows with the rows times those that share a
    piece, which is `n / 65,536` where pieces are evenly spread.

    Args:
        ids: uint64 `[n]`, each once.
        hashes: uint64 `[n, 4]`.
        most: bits, from 0 to `MOST`.

    Returns:
        Their ids, ascending, and the lowest id of each one's group, uint64 `[m]` each.
    """
    if not 0 <= most <= MOST:
        raise ValueError(f"hashes are compared within 0 to {MOST} bits, not {most}")
    ids = as_ids(ids)
    order = np.argsort(ids, kind="stable")
    ids, rows = ids[order], np.ascontiguousarray(hashes[order], dtype=np.uint64)
    distinct, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    low_first = np.argsort(first)
    place = np.empty_like(low_first)
    place[low_first] = np.arange(len(low_first))
    words = np.ascontiguousarray(distinct[low_first])
    parents = np.arange(len(words))
    for piece in range(PIECES):
        keys = (words[:, piece // 4] >> np.uint64(WIDTH * (piece % 4))).astype(np.uint16)
        listed = np.argsort(keys, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << WIDTH))])
        _join(words, keys.astype(np.int64), listed, starts, most, parents)
    kept = ids[first[low_first][_roots(parents)[place[inverse.reshape(-1)]]]]
    joined = kept != ids
    return ids[joined], kept[joined]


@compiled
def _join(words: Words, keys: Int64s, listed: Int64s, starts: Int64s, most: Integer, parents: Int64s) -> None:
    """Join hashes that differ in at most `most` bits and agree, or nearly, in one piece.

    Args:
        words: uint64 `[n, 4]`.
        keys: int64 `[n]`, the piece of each.
        listed: int64 `[n]`, hashes by their pieces.
        starts: int64 `[65537]`, where each piece's hashes begin in `listed`.
        most: bits.
        parents: int64 `[n]`, a forest of groups whose roots are their first members; joined.
    """
    for at in range(len(listed)):
        row = listed[at]
        key = keys[row]
        for other in range(at + 1, starts[key + 1]):
            _compare(words, row, listed[other], most, parents)
        if most < PIECES:
            continue
        for bit in range(WIDTH):
            near = key ^ (1 << bit)
            if near > key:
                for other in range(starts[near], starts[near + 1]):
                    _compare(words, row, listed[other], most, parents)


@compiled
def _compare(words: Words, row: Integer, other: Integer, most: Integer, parents: Int64s) -> None:
    differing: Integer = 0
    for word in range(4):
        differing += _ones(words[row, word] ^ words[other, word])
        if differing > most:
            return
    low, high = _root(parents, row), _root(parents, other)
    if low != high:
        parents[max(low, high)] = min(low, high)


@compiled
def _ones(word: np.uint64) -> Integer:
    """How many bits of a word are set, summed in ever wider lanes."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def _roots(parents: Int64s) -> Int64s:
    """The first member of every row's group, int64 `[n]`."""
    roots = np.empty(len(parents), np.int64)
    for row in range(len(parents)):
        roots[row] = _root(parents, row)
    return roots


@compiled
def _root(parents: Int64s, row: Integer) -> Integer:
    """The first member of a row's group; the way there is halved."""
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row
