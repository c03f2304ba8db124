"""MetaCLIP 2's keywords in scripts written without spaces: substrings, found by an Aho–Corasick automaton.

A keyword asks for a space on a side only where its character there belongs to a script with spaces. Keywords that
ask for both are runs of tokens and stay with the token index; the others come here.
"""

from dataclasses import dataclass

import ahocorasick
import numpy as np
import pyarrow as pa

from tasks.arrays import Int64s, Keywords
from tasks.matching.spacing.text import spacing

_UNSPACED_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # CJK radicals
    (0x2FF0, 0x2FFF),  # ideographic description
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0x20000, 0x2A6DF),  # CJK extension B
    (0x2A700, 0x2EBEF),  # CJK extensions C to F
)
_UNSPACED_MARKS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~，。、；：？！“”‘’（）【】《》〈〉「」『』～—")


def is_unspaced(character: str) -> bool:
    """Whether MetaCLIP 2 asks for no space beside this character of a keyword.

    Its ranges are kept as they are: kana and Hangul are not among them, ASCII punctuation is.
    """
    code = ord(character)
    return character in _UNSPACED_MARKS or any(first <= code <= last for first, last in _UNSPACED_RANGES)


def pattern(entry: str) -> str:
    """The substring that stands for a keyword: a space on each side whose character asks for one."""
    if not entry:
        return "  "
    left = "" if is_unspaced(entry[0]) else " "
    right = "" if is_unspaced(entry[-1]) else " "
    return f"{left}{entry}{right}"


@dataclass(frozen=True)
class UnspacedEntries:
    """The keywords that are not token runs, compiled: those at `positions`; keyword `i` of them has `pattern_of[i]`."""

    positions: Int64s
    pattern_of: Int64s
    _automaton: ahocorasick.Automaton
    _entries_of: tuple[Keywords, ...]

    def add_matches(
        self, texts: pa.LargeBinaryArray, found: Keywords, ends: Int64s, *, spaced: bool
    ) -> tuple[Keywords, Int64s]:
        """The rows' matches `found` (uint32, row `i` ending at `ends[i]`) joined with those of these keywords.

        `spaced` says that the texts need no MetaCLIP spacing any more. This path makes a Python string of each text.
        """
        rows, entries = [np.repeat(np.arange(ends.size), np.diff(ends, prepend=0))], [found]
        for row, text in enumerate(texts):
            # Bytes outside UTF-8 become lone surrogates, which no keyword holds.
            caption = text.as_py().decode("utf-8", "surrogateescape")
            caption = f" {caption} " if spaced else spacing(caption)
            for matched in sorted({number for _, number in self._automaton.iter(caption)}):
                entries.append(self._entries_of[matched])
                rows.append(np.full(entries[-1].size, row))
        keys = np.unique((np.concatenate(rows).astype(np.uint64) << np.uint64(32)) | np.concatenate(entries))
        sizes = np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=ends.size)
        return keys.astype(np.uint32), np.cumsum(sizes)


def split_unspaced(
    texts: pa.LargeBinaryArray, numbers: Keywords
) -> tuple[UnspacedEntries | None, pa.LargeBinaryArray, Int64s]:
    """Take the keywords that are not token runs out of a list: (those, the other texts, the others' positions).

    `numbers`, uint32 `[n]`, are what the keywords are reported as.
    """
    entries = [text.as_py().decode() for text in texts]
    unspaced = np.array([entry != "" and (is_unspaced(entry[0]) or is_unspaced(entry[-1])) for entry in entries], bool)
    places, others = np.flatnonzero(unspaced), np.flatnonzero(~unspaced)
    if places.size == 0:
        return None, texts, others
    members: dict[str, list[int]] = {}
    for place in places:
        members.setdefault(pattern(entries[place]), []).append(int(numbers[place]))
    order = {each: number for number, each in enumerate(members)}
    automaton = ahocorasick.Automaton()
    for each, number in order.items():
        automaton.add_word(each, number)
    automaton.make_automaton()
    compiled = UnspacedEntries(
        positions=places,
        pattern_of=np.array([order[pattern(entries[place])] for place in places], dtype=np.int64),
        _automaton=automaton,
        _entries_of=tuple(np.array(each, dtype=np.uint32) for each in members.values()),
    )
    return compiled, texts.take(pa.array(others)), others
