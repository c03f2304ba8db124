"""`KeywordMatcher`: which keywords occur in which captions, exactly as MetaCLIP decides it."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from tasks.arrays import Bools, Int64s, Integers, Keywords
from tasks.matching.arrow import Texts, as_texts, buffers, padded_buffers, require_texts
from tasks.matching.index.index import MOST_ENTRIES, build_index
from tasks.matching.lists.audit import MatcherAudit, audit_entries
from tasks.matching.scan.match_captions import match_captions
from tasks.matching.spacing.text import byte_classes
from tasks.matching.spacing.unicode import space_unicode
from tasks.matching.spacing.unspaced import UnspacedEntries, split_unspaced

Normalise = Literal["metaclip", "unicode"]

_BYTES_PER_BLOCK = 4 << 20
_ROWS_PER_BLOCK = 1 << 16
_NOTHING = np.empty(0, dtype=np.uint32)


class KeywordMatcher:
    """Finds, for every caption, all keywords `e` such that `" e "` occurs in the spaced caption.

    `normalise="metaclip"` spaces captions with `text.spacing`, bit for bit as MetaCLIP, and takes keywords as they
    are. `normalise="unicode"` puts captions *and* keywords into one form first (`text.spacing_unicode`), with case
    folded if `fold_case`. `unspaced_scripts=True` follows MetaCLIP 2: beside a character of a script that is
    written without spaces, or of punctuation, a keyword asks for no space.

    Equal keywords are all reported. The index is built once, holds no Python object per keyword, and is read only:
    one matcher may be used by many threads.

    Example:
        >>> from equipoise import KeywordMatcher
        >>> matcher = KeywordMatcher(["cat", "red", "red cat"])
        >>> matcher.match(["a red cat", "cats", "red, cat"]).to_pylist()
        [[0, 1, 2], [], [0, 1]]
    """

    def __init__(
        self,
        entries: Texts,
        normalise: Normalise = "metaclip",
        *,
        fold_case: bool = False,
        unspaced_scripts: bool = False,
        numbers: Integers | Sequence[int] | None = None,
    ) -> None:
        """Compile the index.

        Args:
            entries: the keywords, in any shape that `match` takes for captions; none may be null.
            normalise: how texts are spaced, see above.
            fold_case: ignore case; only with Unicode's spacing.
            unspaced_scripts: match keywords of scripts without spaces inside words, as MetaCLIP 2.
            numbers: whole numbers `[n]`, ascending and below 2**30, that are reported in place of positions.

        Raises:
            InputError: for keywords that are not text, and for options that contradict each other.
        """
        if normalise not in ("metaclip", "unicode"):
            raise InputError(f'normalise must be "metaclip" or "unicode", not {normalise!r}')
        if fold_case and normalise == "metaclip":
            raise InputError('fold_case needs normalise="unicode": MetaCLIP never folds case')
        self.normalise, self.fold_case, self.unspaced_scripts = normalise, fold_case, unspaced_scripts
        self.entries: pa.LargeBinaryArray = as_texts(entries, "entries").combine_chunks()
        require_texts(self.entries, "entries")
        self.numbers = _checked_numbers(numbers, len(self.entries))
        patterns = self._normalised(self.entries)
        positions = np.arange(len(patterns))
        self._unspaced: UnspacedEntries | None = None
        if unspaced_scripts:
            self._unspaced, patterns, positions = split_unspaced(patterns, self.numbers)
        if normalise == "unicode":
            # Unicode's spacing leaves no empty token, so a keyword without a token can never occur.
            present = np.diff(buffers(patterns)[1]) > 0
            patterns, positions = patterns.filter(pa.array(present)), positions[present]
        self._index, self._nodes = build_index(*padded_buffers(patterns), self.numbers[positions])
        self._positions = positions
        self._classes = byte_classes(wrap=normalise == "metaclip")

    def __len__(self) -> int:
        """The number of keywords."""
        return len(self.entries)

    @property
    def index_bytes(self) -> int:
        """Memory of the compiled index."""
        return self._index.nbytes

    def match(self, captions: Texts, *, threads: int | None = None) -> pa.LargeListArray:
        """The keywords of every caption: uint32, ascending, each once.

        `captions` is an Arrow array (strings or binary, of any layout), a polars or pandas Series, a numpy array, or
        any iterable of `str`. A null caption has no keywords (an empty list, not null). Bytes that are not UTF-8 match
        no keyword, and hurt nothing else. The result is the same for any number of threads; the default is one for each
        available core. Raises `InputError` for what is not text.
        """
        if threads is not None and threads < 1:
            raise InputError(f"threads must be at least 1, not {threads}; leave it out for one for each core")
        column = as_texts(captions, "captions")
        if column.null_count:
            # Not an empty text: that one has the empty keyword.
            return spread(self.match(column.drop_null(), threads=threads), column.is_valid().to_numpy())
        blocks = [block for chunk in column.chunks for block in _blocks(chunk)]
        workers = min(threads or _available_cores(), len(blocks))
        if workers > 1:
            with ThreadPoolExecutor(workers) as pool:
                parts = list(pool.map(self._match_block, blocks))
        else:
            parts = [self._match_block(block) for block in blocks]
        found = parts[0][0] if len(parts) == 1 else np.concatenate([_NOTHING, *(part[0] for part in parts)])
        sizes = np.cumsum([0, *(part[0].size for part in parts)])
        ends = [part[1] + start for part, start in zip(parts, sizes)]
        offsets = np.concatenate([np.zeros(1, dtype=np.int64), *ends])
        return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(found, pa.uint32()))

    def audit(self) -> MatcherAudit:
        """What is wrong with the list: dead keywords and the characters that kill them, duplicates, shadowed ones."""
        return self._audit

    @cached_property
    def _audit(self) -> MatcherAudit:
        nodes = np.full(len(self.entries), -1, dtype=np.int64)
        nodes[self._positions] = self._nodes
        if self._unspaced is not None:
            nodes[self._unspaced.positions] = -2 - self._unspaced.pattern_of
        return audit_entries(self.entries, nodes, self.normalise, self.numbers)

    def _normalised(self, texts: pa.LargeBinaryArray) -> pa.LargeBinaryArray:
        return texts if self.normalise == "metaclip" else space_unicode(texts, fold_case=self.fold_case)

    def _match_block(self, block: pa.LargeBinaryArray) -> tuple[Keywords, Int64s]:
        """Keywords of a block's rows, and where each row ends among them."""
        texts = self._normalised(block)
        values, offsets = padded_buffers(texts)
        found, ends = match_captions(values, offsets, self._classes, self._index)
        if self._unspaced is None:
            return found, ends
        return self._unspaced.add_matches(texts, found, ends, spaced=self.normalise == "unicode")


def spread(matches: pa.LargeListArray, rows: Bools) -> pa.LargeListArray:
    """The matches of the marked rows, bool `[n]`, as matches of all `n`; the others have none."""
    sizes = np.zeros(rows.size, dtype=np.int64)
    sizes[rows] = np.diff(matches.offsets.to_numpy())
    return pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(sizes)])), matches.values)


def _available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _blocks(chunk: pa.LargeBinaryArray) -> Iterator[pa.LargeBinaryArray]:
    """Slices of a chunk of bounded rows and bytes (but at least one row each): the units of work."""
    _, offsets = buffers(chunk)
    row = 0
    while row < len(chunk):
        stop = int(np.searchsorted(offsets, offsets[row] + _BYTES_PER_BLOCK, side="right")) - 1
        stop = min(max(stop, row + 1), row + _ROWS_PER_BLOCK, len(chunk))
        yield chunk.slice(row, stop - row)
        row = stop


def _checked_numbers(numbers: Integers | Sequence[int] | None, entries: int) -> Keywords:
    """The keywords' numbers, uint32 `[n]`: their positions unless given."""
    checked = np.arange(entries) if numbers is None else np.asarray(numbers)
    if checked.dtype.kind not in "iu" and checked.size:
        raise InputError(f"numbers must be whole numbers, not {checked.dtype}")
    if checked.shape != (entries,) or np.any(checked[1:] <= checked[:-1]):
        raise InputError(f"numbers must be {entries} strictly ascending integers, one for each entry")
    if entries and (checked[0] < 0 or checked[-1] >= MOST_ENTRIES):
        raise InputError(
            f"entries must be numbered from 0 to {MOST_ENTRIES - 1}, not from {checked[0]} to {checked[-1]}"
        )
    return checked.astype(np.uint32)
