"""What every Unicode character does to a text that is being split into words."""

import unicodedata

import numpy as np

from tasks.arrays import Bytes

OTHER, BLANK, WRAPPED, WORD, JOINER = 0, 1, 2, 3, 4

APOSTROPHES = "'\u2019\u02bc"
"""The plain apostrophe first: inside a word it stands for the others."""
HYPHENS = "-\u2010\u2011"

_ZERO_WIDTH_BLANKS = "\u200b\ufeff"
_CODE_POINTS = 0x110000
_INHABITED = (range(0x40000), range(0xE0000, 0xF0000))
"""The planes that hold characters: 4 to 13 hold none, and 15 and 16 are for private use."""
_CATEGORIES = {
    BLANK: ("Zs", "Zl", "Zp", "Cc"),
    WRAPPED: ("Po", "Ps", "Pe", "Pi", "Pf", "Pd"),
    WORD: ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No"),
    OTHER: ("Sm", "Sc", "Sk", "So", "Pc", "Cf", "Cs", "Co", "Cn"),
}
_OF_CATEGORY = {category: kind for kind, categories in _CATEGORIES.items() for category in categories}
_SPECIAL = {"`": WRAPPED} | dict.fromkeys(_ZERO_WIDTH_BLANKS, BLANK) | dict.fromkeys(APOSTROPHES + HYPHENS, JOINER)
"""Characters whose class is not their category's."""


def character_class(character: str) -> int:
    """The class of one character.

    - `BLANK`: separators, control characters, the zero-width space and the byte-order mark; words end there.
    - `WRAPPED`: punctuation (general categories Po, Ps, Pe, Pi, Pf, Pd) and the backtick: a token by itself.
    - `JOINER`: apostrophes and hyphens; part of a word between two word characters, `WRAPPED` elsewhere.
    - `WORD`: letters, marks and numbers. `OTHER`: symbols, connectors such as `_`, and the rest; part of a token.
    """
    return _SPECIAL.get(character, _OF_CATEGORY[unicodedata.category(character)])


def character_classes() -> Bytes:
    """The class of every code point, uint8 `[1114112]`; about 0.03 s to make, with no Python call a character."""
    classes = np.full(_CODE_POINTS, OTHER, dtype=np.uint8)
    for points in _INHABITED:
        categories = map(unicodedata.category, map(chr, points))
        found = np.fromiter(map(_OF_CATEGORY.__getitem__, categories), dtype=np.uint8, count=len(points))
        classes[points.start : points.stop] = found
    for character, kind in _SPECIAL.items():
        classes[ord(character)] = kind
    return classes
