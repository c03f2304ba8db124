"""A made-up web: 500,000 metadata entries and captions with real proportions, from a seed.

Words are pronounceable inventions whose frequencies follow Zipf and Mandelbrot; frequent ones are short. The entries
have MetaCLIP's mix: half single words, a fifth word pairs, WordNet-like terms and capitalised titles. Captions are
words by frequency with entries strewn in, capitals, punctuation, camera file names and numbers.
"""

from dataclasses import dataclass

import numpy as np

_VOWELS = np.array(list("aeiouy"))
_CONSONANTS = np.array(list("bcdfghjklmnprstvwz"))
_WORDS = 400_000


@dataclass(frozen=True)
class Web:
    """Words by rank, their probabilities, and a metadata list."""

    words: np.ndarray
    cumulative: np.ndarray
    entries: list[str]


def make_web(entries: int = 500_000, seed: int = 0) -> Web:
    """The vocabulary and a list of `entries` entries."""
    generator = np.random.default_rng(seed)
    words = _invent(generator, _WORDS)
    frequency = 1.0 / (np.arange(_WORDS) + 2.7)
    cumulative = np.cumsum(frequency) / frequency.sum()
    listed: dict[str, None] = dict.fromkeys(words[: entries // 2])
    flat = np.cumsum(frequency**0.8) / np.sum(frequency**0.8)
    while len(listed) < entries:
        size = int(generator.choice([1, 2, 2, 2, 3, 4], p=[0.1, 0.2, 0.2, 0.2, 0.2, 0.1]))
        phrase = [str(word) for word in words[np.searchsorted(flat, generator.random(size))]]
        if generator.random() < 0.25:
            phrase = [word.capitalize() for word in phrase]
        listed[" ".join(phrase)] = None
    return Web(words, cumulative, list(listed))


def make_captions(web: Web, count: int, characters: int, seed: int = 1) -> list[str]:
    """Captions of about `characters` characters."""
    generator = np.random.default_rng([seed, characters])
    return [_caption(web, generator, characters) for _ in range(count)]


def _caption(web: Web, generator: np.random.Generator, characters: int) -> str:
    pieces: list[str] = []
    length = 0
    wanted = generator.normal(characters, characters * 0.3)
    while length < wanted or not pieces:
        draw = generator.random()
        if draw < 0.06:
            piece = web.entries[int(generator.integers(len(web.entries)))]
        elif draw < 0.09:
            piece = str(generator.choice(["IMG_", "DSC", "", "No", "#"])) + str(generator.integers(1, 9999))
        else:
            piece = str(web.words[np.searchsorted(web.cumulative, generator.random())])
        if generator.random() < 0.12:
            piece = piece.capitalize()
        pieces.append(piece + str(generator.choice(["", ",", ".", ":", "!"], p=[0.88, 0.06, 0.04, 0.01, 0.01])))
        length += len(pieces[-1]) + 1
    return " ".join(pieces)


def _invent(generator: np.random.Generator, count: int) -> np.ndarray:
    """Distinct words, shorter ones first on average: length about `2 + 0.6 ln(rank)`."""
    words: dict[str, None] = {}
    while len(words) < count:
        length = max(1, round(2 + 0.6 * np.log(len(words) + 1) + generator.normal(0, 1.2)))
        letters = np.where(
            (np.arange(length) + generator.integers(2)) % 2 == 0,
            generator.choice(_CONSONANTS, length),
            generator.choice(_VOWELS, length),
        )
        words["".join(letters)] = None
    return np.array(list(words))
