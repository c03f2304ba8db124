"""Captions of real words without an end: real titles cut in pieces and put together anew, all different.

A caption is the first two words of one title, the last word of a second and the whole of a third. The first two pieces
have a fixed number of words and each list of pieces holds no piece twice, so different triples of pieces are different
captions; caption i has the triple of number π(i), where π is a permutation of all 3e11 triples made of multiplications
and shifts (a counter-based hash). A caption depends on i alone: any chunk of the corpus can be made at any time, and a
small corpus is the beginning of a large one.
"""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.inputs.spaced import spaced
from tasks.arrays import Ids

ROWS_PER_FILE = 1_000_000
CHUNK = 100_000
_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True)
class Pieces:
    """What captions are made of, each list without repetition: two words, one word, whole titles."""

    heads: pa.Array
    middles: pa.Array
    titles: pa.Array

    @property
    def captions(self) -> int:
        """How many different captions there are."""
        return len(self.heads) * len(self.middles) * len(self.titles)


def read_pieces(data: Path) -> Pieces:
    """The pieces of the real titles of `imagenet_captions_val_c250.csv`, which `data` holds."""
    table = data / "imagenet_captions" / "imagenet_captions_val_c250.csv"
    lines = table.read_text(encoding="utf-8").split("\n")[1:]
    titles = [words for line in lines if "\t" in line and (words := line.split("\t")[0].split())]
    return Pieces(
        _distinct([words[:2] for words in titles if len(words) > 1]),
        _distinct([words[-1:] for words in titles]),
        _distinct(titles),
    )


def _distinct(pieces: list[list[str]]) -> pa.Array:
    return pa.array(list(dict.fromkeys(" ".join(piece) for piece in pieces)), pa.large_string())


def permuted(numbers: Ids, size: int) -> Ids:
    """A permutation of `0 … size − 1` at the places `numbers`.

    Odd multiplications and shifts permute the numbers of b bits, 2^b ≥ size; what falls outside is permuted again
    until it falls inside, which permutes what is inside.
    """
    bits = max(2, (size - 1).bit_length())
    mask, shift = np.uint64((1 << bits) - 1), np.uint64(bits // 2)
    found = numbers.astype(np.uint64)
    outside = np.arange(len(found))
    while len(outside):
        words = found[outside]
        for odd in _ODD:
            words = ((words ^ (words >> shift)) * np.uint64(odd) + np.uint64(1)) & mask
        found[outside] = words
        outside = outside[words >= size]
    return found


def make_captions(pieces: Pieces, start: int, stop: int) -> pa.Array:
    """Captions `start … stop − 1` of the corpus, `large_string`."""
    chosen = permuted(np.arange(start, stop, dtype=np.uint64), pieces.captions)
    parts = []
    for pool in (pieces.heads, pieces.middles, pieces.titles):
        size = np.uint64(len(pool))
        parts.append(pool.take(pa.array((chosen % size).astype(np.int64))))
        chosen //= size
    return pc.binary_join_element_wise(*parts, pa.scalar(" ", pa.large_string()))


def chunks(rows: int, size: int = CHUNK) -> Iterator[tuple[int, int]]:
    """`(start, stop)` of equal chunks of so many rows."""
    return ((start, min(rows, start + size)) for start in range(0, rows, size))


def write_captions(pieces: Pieces, rows: int, folder: Path) -> None:
    """`captions-*.parquet` of `ROWS_PER_FILE` rows each, column `caption`; a chunk at a time in memory.

    Raises:
        ValueError: there are not so many different captions.
    """
    if rows > pieces.captions:
        raise ValueError(f"{rows:,} rows wanted, but there are {pieces.captions:,} different captions")
    folder.mkdir(parents=True, exist_ok=True)
    for number, (first, last) in enumerate(chunks(rows, ROWS_PER_FILE)):
        write_file(pieces, first, last, folder / f"captions-{number:05d}.parquet")


def write_file(pieces: Pieces, first: int, last: int, path: Path) -> None:
    """Captions `first … last − 1` as one file."""
    schema = pa.schema([("caption", pa.large_string())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start, stop in chunks(last - first):
            captions = make_captions(pieces, first + start, first + stop)
            writer.write_table(pa.table([captions], schema=schema))


def make_keywords(captions: Iterable[str], count: int) -> list[str]:
    """The most frequent words and pairs of neighbouring words of captions, most frequent first.

    A word has letters and digits only and at least one letter; among the equally frequent the alphabet decides.
    """
    is_word = re.compile(r"(?=.*[^\W\d_])[^\W_]+").fullmatch
    seen: collections.Counter[str] = collections.Counter()
    for caption in captions:
        tokens = [token if is_word(token) else "" for token in spaced(caption).split(" ")]
        pairs = (f"{first} {second}" for first, second in itertools.pairwise(tokens) if first and second)
        seen.update({*filter(None, tokens), *pairs})
    ranked = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    return [text for text, _ in ranked[:count]]
