"""A made-up web: metadata entries and captions in real proportions, the same from the same seed.

Words are pronounceable inventions whose frequencies follow Zipf and Mandelbrot; frequent ones are short. The entries
have MetaCLIP's mix: half are single words, the rest pairs, WordNet-like terms and capitalised titles. Captions are
words by frequency with entries strewn in, capitals, punctuation, camera file names and numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

WORDS = 400_000
_PIECES = 4_000_000
_MARKS = np.array(["", ",", ".", ":", "!"], dtype=object)
_MARK_SHARES = [0.88, 0.06, 0.04, 0.01, 0.01]
_PREFIXES = np.array(["IMG_", "DSC", "", "No", "#"], dtype=object)


@dataclass(frozen=True)
class Web:
    """A metadata list, and a long stream of words to cut captions from."""

    entries: list[str]
    stream: list[str]


def make_web(entries: int = 500_000, seed: int = 0) -> Web:
    """A list of `entries` entries over `WORDS` words, and the stream."""
    generator = np.random.default_rng(seed)
    words = _words(generator)
    frequency = 1.0 / (np.arange(WORDS) + 2.7)
    listed = _entries(generator, words, frequency, entries)
    return Web(listed, _stream(generator, words, frequency, np.array(listed, dtype=object)))


def make_captions(web: Web, count: int, characters: int, seed: int = 1) -> Iterator[str]:
    """Captions of about `characters` characters: stretches of the stream."""
    generator = np.random.default_rng([seed, characters])
    mean = np.mean([len(piece) + 1 for piece in web.stream[:10_000]])
    sizes = np.maximum(1, generator.normal(characters, characters * 0.3, count) / mean + 0.5).astype(np.int64)
    starts = generator.integers(0, len(web.stream) - sizes.max(), count)
    for start, size in zip(starts.tolist(), sizes.tolist()):
        yield " ".join(web.stream[start : start + size])


def _words(generator: np.random.Generator) -> np.ndarray:
    """Distinct words, shorter ones first on average: length about `2 + 0.55 ln(rank)`."""
    count = 3 * WORDS
    vowels, consonants = np.frombuffer(b"aeiouy", np.uint8), np.frombuffer(b"bcdfghjklmnprstvwz", np.uint8)
    longest = 16
    letters = generator.choice(consonants, (count, longest))
    turn = (np.arange(longest) + generator.integers(0, 2, (count, 1))) % 2 == 0
    letters[turn] = generator.choice(vowels, turn.sum())
    lengths = 2 + 0.55 * np.log(np.arange(count) / 3 + 1) + generator.normal(0, 1.2, count)
    letters[np.arange(longest) >= np.clip(lengths.round(), 1, longest)[:, None]] = 0
    invented = letters.reshape(-1).view(f"S{longest}").astype(str).tolist()
    return np.array(list(dict.fromkeys(invented))[:WORDS], dtype=object)


def _entries(generator: np.random.Generator, words: np.ndarray, frequency: np.ndarray, count: int) -> list[str]:
    """Half the list are the commonest words; phrases of one to four words fill it up, a quarter of them capitalised."""
    flatter = np.cumsum(frequency**0.8)
    listed = dict.fromkeys(words[: count // 2].tolist())
    while len(listed) < count:
        sizes = generator.choice([1, 2, 3, 4], size=count // 4, p=[0.1, 0.6, 0.2, 0.1]).tolist()
        drawn = iter(words[np.searchsorted(flatter, generator.random(sum(sizes)) * flatter[-1])])
        capitals = (generator.random(len(sizes)) < 0.25).tolist()
        for size, capital in zip(sizes, capitals):
            phrase = " ".join(next(drawn) for _ in range(size))
            listed[phrase.title() if capital else phrase] = None
    return list(listed)[:count]


def _stream(generator: np.random.Generator, words: np.ndarray, frequency: np.ndarray, entries: np.ndarray) -> list[str]:
    cumulative = np.cumsum(frequency)
    kind = generator.random(_PIECES)
    pieces = words[np.minimum(np.searchsorted(cumulative, generator.random(_PIECES) * cumulative[-1]), WORDS - 1)]
    from_list, number, capital = kind < 0.06, (kind >= 0.06) & (kind < 0.09), kind >= 0.89
    pieces[from_list] = generator.choice(entries, from_list.sum())
    numbers = generator.integers(1, 9999, number.sum()).astype(str).astype(object)
    pieces[number] = generator.choice(_PREFIXES, number.sum()) + numbers
    pieces[capital] = [piece.capitalize() for piece in pieces[capital]]
    return list(pieces + generator.choice(_MARKS, _PIECES, p=_MARK_SHARES))
